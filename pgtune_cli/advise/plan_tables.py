"""What the nodes of one plan read: how large their tables are, how the rows lie, how many keys there are."""

import math
from collections.abc import Mapping

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.fetched import IndexScan
from pgtune_cli.advise.seen_rows import SCANS
from pgtune_cli.advise.workload import known_name
from pgtune_cli.explain.condition_columns import qualifiers
from pgtune_cli.explain.derive import INIT, SUB, walk
from pgtune_cli.model.catalog import Index, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode

CACHE_BYTES = 4 * 2**20
"""of a processor's core, within a factor of two"""
SEVERAL_KEYS = 0.75
"""what is left of the first key's correlation (selfuncs.c, btcostestimate)"""


class PlanTables:
    """Of one plan; `used` are the candidates in it, and their bytes."""

    def __init__(self, plan: Plan, facts: Facts, used: Mapping[CandidateIndex, int]) -> None:
        self._facts, self._used = facts, used
        self._tables = _tables(plan, facts)

    def size(self, node: PlanNode) -> tuple[float, float]:
        """Pages and rows of the table."""
        table = self._table(node)
        if table is None:
            return 1.0, max(node.plan_rows, 1.0)
        return max(self._facts.pages(table), 1), max(self._facts.rows(table) or node.plan_rows, 1.0)

    def ordered(self, node: PlanNode) -> float:
        """The share of the heap tuples that lie in the index's order: correlation² of its first key."""
        index = self._index(node)
        return 0.0 if index is None else self._correlated(node, index.keys[0].column)

    def in_order(self, node: PlanNode, column: str) -> float:
        """The share of a scan's rows that come in the order of a column of its table."""
        if node.node_type not in ("Index Scan", "Index Only Scan"):
            return self._correlated(node, column)
        index = self._index(node)
        if index is not None and index.keys[0].column == column:
            return 1.0
        return self.ordered(node) * self._correlated(node, column)

    def is_small(self, node: PlanNode) -> bool:
        """Whether the table stays in the processor's cache."""
        return self.size(node)[0] * self._facts.snapshot.server.block_size <= CACHE_BYTES

    def _correlated(self, node: PlanNode, column: str | None) -> float:
        table = self._table(node)
        statistics = self._facts.statistics(table, column) if table is not None and column is not None else None
        return 0.0 if statistics is None or statistics.correlation is None else statistics.correlation**2

    def index_scan(self, node: PlanNode, loops: float) -> IndexScan:
        """As the planner took it; `loops`: the repeats that it shared the pages out among."""
        index, (pages, rows) = self._index(node), self.size(node)
        if isinstance(index, Index):
            leaves = float(index.pages or index.relpages)
        else:
            leaves = self._used[index] / self._facts.snapshot.server.block_size if index is not None else pages / 10
        several = index is not None and len(index.keys) > 1
        return IndexScan(
            pages=pages * self._unseen(node) if node.node_type == "Index Only Scan" else pages,
            rows=rows,
            leaves=max(leaves, 1.0),
            conditions=conditions(node) + 1,
            loops=loops,
            ordered=self.ordered(node) * (SEVERAL_KEYS**2 if several else 1.0),
        )

    def _unseen(self, node: PlanNode) -> float:
        """The share of the pages in which an index-only scan has to look whether a row is visible."""
        table = self._table(node)
        parts = [] if table is None else self._facts.stored(table)
        pages = sum(part.relpages for part in parts)
        return 1 - sum(part.relallvisible for part in parts) / pages if pages else 1.0

    def keys(self, memoize: PlanNode) -> float:
        """How many different keys it is asked for: it looks no further for one that it has seen."""
        keys, product = memoize.extra.get("Cache Key"), 1.0
        for key in keys.split(", ") if isinstance(keys, str) else [""]:
            alias, _, column = key.rpartition(".")
            table = self._tables.get(alias.strip('"'))
            distinct = None if table is None else self._facts.distinct(table, column.strip('"'))
            product *= math.inf if distinct is None else max(distinct, 1.0)
        return product

    def driving(self, outer: PlanNode) -> dict[str, float]:
        """alias -> rows of each relation below, by itself: not what a join leaves of them."""
        found: dict[str, float] = {}
        stack = [outer]
        while stack:
            node = stack.pop()
            stack.extend(inputs(node))
            if node.node_type in SCANS:
                name = node.alias or node.relation or ""
                alone = set(qualifiers(node.index_cond)) <= {name}  # which VERBOSE prints with its own columns
                found[name] = max(node.plan_rows, 1.0) if alone else self.size(node)[1]
        return found

    def _table(self, node: PlanNode) -> RelationName | None:
        return self._tables.get(node.alias or node.relation or "")

    def _index(self, node: PlanNode) -> Index | CandidateIndex | None:
        table = self._table(node)
        if table is None:
            return None
        for index in self._facts.indexes.get(table, ()):
            if index.name == node.index_name:
                return index
        mine = [each for each in self._used if each.table in (table, self._facts.root(table))]
        named = [each for each in mine if (each.keys[0].column or "") in (node.index_cond or "")]
        return named[0] if named else mine[0] if len(mine) == 1 else None


def planned_loops(node: PlanNode, driving: Mapping[str, float], loops: float) -> float:
    """How often the planner took an inner index scan to be repeated when it shared the pages out among the repeats.

    Not the rows of the join that drives it, but of the smallest relation that its condition names, taken by itself
    (costsize.c, get_loop_count).
    """
    named = [driving[alias] for alias in qualifiers(node.index_cond) if alias in driving]
    return max(min(named, default=loops), 1.0)


def inputs(node: PlanNode) -> list[PlanNode]:
    """Its children but for sub-plans."""
    return [child for child in node.children if child.parent_relationship not in (INIT, SUB)]


def conditions(node: PlanNode) -> int:
    """Of its filter."""
    return 0 if node.filter is None else node.filter.count(" AND ") + node.filter.count(" OR ") + 1


def _tables(plan: Plan, facts: Facts) -> dict[str, RelationName]:
    """By alias."""
    found: dict[str, RelationName] = {}
    for placed in walk(plan):
        node = placed.node
        if node.relation is not None:
            table = known_name(RelationName(node.schema or "", node.relation), facts)
            found |= {node.alias or node.relation: table} if table is not None else {}
    return found

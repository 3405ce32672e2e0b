"""What the nodes of one plan read: how large their tables are, how the rows lie, how many keys there are."""

import math
from collections.abc import Mapping

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.seen_rows import SCANS
from pgtune_cli.advise.workload import known_name
from pgtune_cli.explain.condition_columns import qualifiers
from pgtune_cli.explain.derive import INIT, SUB, walk
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode


class PlanTables:
    """Of one plan; `used` are the candidates in it."""

    def __init__(self, plan: Plan, facts: Facts, used: frozenset[CandidateIndex]) -> None:
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
        table = self._table(node)
        first = None if table is None else self._first_key(table, node)
        statistics = self._facts.statistics(table, first) if table is not None and first is not None else None
        return 0.0 if statistics is None or statistics.correlation is None else statistics.correlation**2

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
                alone = not qualifiers(node.index_cond)
                found[node.alias or node.relation or ""] = max(node.plan_rows, 1.0) if alone else self.size(node)[1]
        return found

    def _table(self, node: PlanNode) -> RelationName | None:
        return self._tables.get(node.alias or node.relation or "")

    def _first_key(self, table: RelationName, node: PlanNode) -> str | None:
        for index in self._facts.indexes.get(table, ()):
            if index.name == node.index_name:
                return index.keys[0].column
        mine = [each.keys[0].column for each in self._used if each.table in (table, self._facts.root(table))]
        named = [column for column in mine if column is not None and column in (node.index_cond or "")]
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

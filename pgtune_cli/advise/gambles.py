"""Plans that read an index in the order of its keys until enough rows match a condition that no statistics tell of.

To the planner such a walk ends soon. If few rows match, each call reads the index, and the table, to the end.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable
from pgtune_cli.advise.facts import Facts, base_type
from pgtune_cli.advise.from_plans import condition
from pgtune_cli.advise.other_methods import TEXT
from pgtune_cli.advise.plan_tables import inputs
from pgtune_cli.advise.searches import KINDS
from pgtune_cli.advise.seen_rows import SeenRows
from pgtune_cli.advise.workload import Item, known_name
from pgtune_cli.explain.derive import reads_all_input, walk
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import PlanNode
from pgtune_cli.model.statement import SEEN_ORIGINS, ValueSet
from pgtune_cli.sql.shape import Predicate
from pgtune_cli.whatif.protocol import Cost, CostRequest, WhatIf

KNOWN_VALUES = SEEN_ORIGINS | {"literal"}
COMMON = 0.05
"""of the rows: five of the hundred values of a histogram match a known pattern, which is no matter of luck"""


WAITS = "it is read in its order until enough rows meet {}, and the planner cannot know how many do: if few do"
DISTANCE = "it is searched by the distance of texts, and the planner cannot know how far: if to its end"
SPELLED = {"~~": "LIKE", "~~*": "ILIKE"}
_CONSTANT = re.compile(r"'[^']*'|::\w+|[\s()]")


class Gamble(msgspec.Struct, frozen=True, kw_only=True):
    item: Item
    used: Configuration
    """the candidates that are read in their order."""
    unknown: str
    """what only an execution would tell, without values."""
    worst: float
    """cost of the plan if nothing matches."""
    before: float
    """of the plan as it is."""
    hoped: float
    """of the plan with them, by the planner."""

    def told(self) -> str:
        return f"{self.unknown}, a call costs {self.worst:,.0f}, and {self.before:,.0f} without it"


class Gambles:
    """Asks for plans that the engine has made already. `seen` has the rows of what was executed, by statement."""

    def __init__(
        self, whatif: WhatIf, costs: CostTable, facts: Facts, seen: Mapping[str, Mapping[str, SeenRows]]
    ) -> None:
        self._whatif, self._costs, self._facts, self._seen = whatif, costs, facts, seen
        self._predicates: dict[tuple[RelationName, str, str], tuple[Predicate, ...] | None] = {}
        self._with_statistics: dict[RelationName, set[str]] = {}

    async def among(self, chosen: Configuration, items: Iterable[Item]) -> list[Gamble]:
        """Of the statements' plans under the set."""
        asked = [
            (item, values, self._costs.relevant(item, chosen))
            for item in items
            if item.shape is None or any(block.limit is not None for block in item.shape.blocks)
            for values, _ in item.values
        ]
        with_them = await self._plans([each for each in asked if each[2]])
        without = await self._plans([(item, values, NOTHING) for item, values, mine in asked if mine])
        pairs = zip((each for each in asked if each[2]), without, with_them, strict=True)
        found = (
            self._gamble(item, values, before, after)
            for (item, values, _), before, after in pairs
            if isinstance(before, Cost) and isinstance(after, Cost) and after.used
        )
        return [each for each in found if each is not None]

    async def _plans(self, asked: Sequence[tuple[Item, ValueSet, Configuration]]) -> list[Cost | str]:
        requests = [CostRequest(prepared=item.prepared, values=values, indexes=mine) for item, values, mine in asked]
        return await self._whatif.costs(requests) if requests else []

    def _gamble(self, item: Item, values: ValueSet, before: Cost, after: Cost) -> Gamble | None:
        """None for a plan that reads no candidate so, or would be cheaper even if nothing matched."""
        seen = self._seen.get(item.fingerprint, {}).get(values.name)
        for placed in walk(after.plan):
            limit = placed.node
            scans = [each for each in _walked(limit) if self._candidates(each, after)]
            told = next(filter(None, (self._unknown(each, values) for each in scans)), None)
            worst = after.total_cost - limit.total_cost + sum(_cost(each, limit, seen) for each in scans)
            if told is not None and worst > before.total_cost:
                return Gamble(
                    item=item, used=NOTHING.union(*(self._candidates(each, after) for each in scans)), unknown=told,
                    worst=worst, before=before.total_cost, hoped=after.total_cost,
                )  # fmt: skip
        return None

    def _candidates(self, node: PlanNode, cost: Cost) -> Configuration:
        """Those that the scan reads; nothing where it reads an index that is there."""
        table = self._table(node)
        if table is None or any(each.name == node.index_name for each in self._facts.indexes.get(table, ())):
            return NOTHING
        return frozenset(each for each in cost.used if each.table in (table, self._facts.root(table)))

    def _table(self, node: PlanNode) -> RelationName | None:
        return known_name(RelationName(node.schema or "", node.relation or ""), self._facts)

    def _unknown(self, node: PlanNode, values: ValueSet) -> str | None:
        """What no statistics tell of: a part of its filter, or how near texts are to each other."""
        table = self._table(node)
        if table is not None and self._by_text(node, table):
            return DISTANCE
        if node.filter is None or table is None:
            return None
        predicates = self._read(table, node.alias or node.relation or "", node.filter)
        if predicates is None:
            return WAITS.format("a sub-query") if "SubPlan" in node.filter else None
        common = values.origin in KNOWN_VALUES and node.plan_rows >= COMMON * (self._facts.rows(table) or 0.0)
        found = [each for each in predicates if self._is_expression(each, table) or (each.kind in KINDS and not common)]
        return WAITS.format(_told(found[0])) if found else None

    def _by_text(self, node: PlanNode, table: RelationName) -> bool:
        """The signatures of trigrams are near to all sorts of texts; a point is where it is."""
        by = re.match(r"\(+(?:\w+\.)?(\w+)\)?(?:::\w+)? <", str(node.extra.get("Order By", "")))
        column = self._facts.column(table, by[1]) if by is not None else None
        return column is not None and base_type(column.type) in TEXT

    def _read(self, table: RelationName, alias: str, text: str) -> tuple[Predicate, ...] | None:
        key = table, alias, text
        if key not in self._predicates:
            shape = condition(table, alias, text, self._facts)
            self._predicates[key] = None if shape is None else shape.blocks[0].predicates
        return self._predicates[key]

    def _is_expression(self, predicate: Predicate, table: RelationName) -> bool:
        """Compared after something was done to it, and nobody has counted what comes of that."""
        if predicate.column is not None or predicate.expression is None or predicate.kind in KINDS:
            return False
        if table not in self._with_statistics:
            catalog = self._facts.snapshot.catalog
            known = {text for one in catalog.extended_statistics if one.table == table for text in one.expressions}
            known |= {key.expression or "" for index in self._facts.indexes.get(table, ()) for key in index.keys}
            self._with_statistics[table] = {_squeezed(each) for each in known}
        return _squeezed(predicate.index_expression or predicate.expression) not in self._with_statistics[table]


def _walked(limit: PlanNode) -> Iterator[PlanNode]:
    """The index scans whose rows come out in their order, as far as they are asked for."""
    stack = inputs(limit) if limit.node_type == "Limit" else []
    while stack:
        node = stack.pop()
        if node.index_name is not None:
            yield node
        elif not reads_all_input(node):
            below = inputs(node)
            stack.extend(below if node.node_type in ("Append", "Merge Append") else below[:1])


def _squeezed(text: str) -> str:
    return _CONSTANT.sub("", text)


def _told(predicate: Predicate) -> str:
    """Without constants: those of a plan are a customer's."""
    if predicate.column is not None:
        name = predicate.column.column
    else:
        known = predicate.function is not None and predicate.function.isidentifier()
        name = f"{predicate.function}(…)" if known else "an expression"
    return f"{name} {SPELLED.get(predicate.operator, predicate.operator)} …"


def _cost(node: PlanNode, limit: PlanNode, seen: SeenRows | None) -> float:
    """To the end; as far as it takes where it was counted how many rows match, and they are spread evenly."""
    matching = seen.rows(frozenset({node.alias or node.relation or ""})) if seen is not None else None
    if not matching:
        return node.total_cost
    part = min(limit.plan_rows / matching, 1.0)
    return node.startup_cost + part * (node.total_cost - node.startup_cost)

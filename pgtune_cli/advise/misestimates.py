"""Where an executed plan had far more or fewer rows than planned, and which columns it was asked about."""

from collections.abc import Iterator, Sequence

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.seen_rows import SCANS
from pgtune_cli.advise.workload import known_name, parsed
from pgtune_cli.explain.condition_columns import columns_in, qualifiers, tokens_of
from pgtune_cli.explain.derive import PlacedNode, processes, q_error_of, stopped_early, walk
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import Plan, PlanNode, StatementPlan, StatementPlans
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.sql.shape import Shape
from pgtune_cli.sql.shape_types import SortKey

MIN_Q_ERROR = 10.0
"""plans mostly survive less"""
MIN_ROWS = 500.0
MOST_KEYS = 5
FILTER, GROUP = "filter", "group"
PLACEHOLDERS = frozenset({"InitPlan", "SubPlan"})
GROUPS = frozenset({"Aggregate", "Group"})


class Misestimate(msgspec.Struct, frozen=True, kw_only=True):
    """`planned` and `actual` are rows of a loop, all workers together."""

    prepared: Prepared
    values: ValueSet
    table: RelationName
    alias: str
    purpose: str
    columns: tuple[str, ...]
    """in the order of the table."""
    expressions: tuple[str, ...] = ()
    place: str
    planned: float
    actual: float
    whole: bool = False
    """the groups of the whole table were counted."""

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.columns, *self.expressions)


def misestimates(analysis: Analysis, facts: Facts) -> list[Misestimate]:
    """The costliest statement's first; none where nothing was executed."""
    found: list[Misestimate] = []
    for statement in analysis.statements:
        plans = analysis.plans.get(statement.fingerprint)
        if plans is None or plans.prepared is None:
            continue
        executed = [plan for plan in plans.plans if plan.executed and plan.source == "server"]
        shape = parsed(plans.prepared.sql, facts) if executed else None
        for plan in executed:
            found += _of_plan(plan, plans, shape, facts)
    return found


def rows_planned(plan: Plan, seen: Misestimate, facts: Facts) -> float | None:
    """What another plan, made without parallel query and nested loops, expects there; None where it has no such place.

    A parameterised scan expects the rows of one loop, which says nothing.
    """
    for placed in walk(plan):
        node = placed.node
        if seen.purpose == GROUP:
            if _groups(node) and len(node.group_key) == len(seen.keys):
                return node.plan_rows
        elif node.node_type in SCANS and (node.alias, node.relation) == (seen.alias, seen.table.name):
            asked = set(columns_in(node, facts.relations.get(seen.table)))
            if asked >= set(seen.columns) and _own(node):
                return node.plan_rows
    return None


def _of_plan(plan: StatementPlan, plans: StatementPlans, shape: Shape | None, facts: Facts) -> Iterator[Misestimate]:
    assert plans.prepared is not None
    values = next((each for each in plans.prepared.value_sets if each.name == plan.parameters.name), None)
    if values is None:
        return
    stopped = stopped_early(plan.plan)
    nodes = {placed.path: placed for placed in walk(plan.plan)}
    for placed in nodes.values():
        shared = _shared_by(placed, nodes)
        if placed.path in stopped or shared is None:
            continue
        what = _asked(placed.node, shape, facts)
        if what is None or not placed.node.loops or placed.node.actual_rows is None:
            continue
        # with workers each loop is a part of one
        loops = 1.0 if shared == 1 else placed.node.loops
        planned, actual = placed.node.plan_rows * shared, placed.node.actual_rows * loops
        again = placed.node.loops / loops
        if q_error_of(planned, actual) < MIN_Q_ERROR or max(planned, actual) * again < MIN_ROWS:
            continue
        # too many rows expected may come of values that were chosen for the plan; not of what is not known at all
        if what.purpose == FILTER and actual < planned and not what.expressions:
            continue
        yield Misestimate(
            prepared=plans.prepared, values=values, place=placed.path, planned=planned, actual=actual,
            table=what.table, alias=what.alias, purpose=what.purpose, columns=what.columns,
            expressions=what.expressions, whole=what.purpose == GROUP and _whole_table(placed.node),
        )  # fmt: skip


class _Asked(msgspec.Struct, frozen=True):
    table: RelationName
    alias: str
    purpose: str
    columns: tuple[str, ...]
    expressions: tuple[str, ...]


def _asked(node: PlanNode, shape: Shape | None, facts: Facts) -> _Asked | None:
    found = None
    if node.node_type in SCANS and node.relation is not None and _own(node):
        found = _filtered(node, shape, facts)
    elif _groups(node) and shape is not None:
        found = _grouped(node, shape)
    if found is None or not facts.worth_indexing(found.table):
        return None
    if not 1 <= len(found.columns) + len(found.expressions) <= MOST_KEYS:
        return None
    places = {column.name: place for place, column in enumerate(facts.relations[found.table].columns)}
    in_order = sorted(found.columns, key=lambda name: places.get(name, -1))  # -1: a system column
    return msgspec.structs.replace(found, columns=tuple(in_order))


def _filtered(node: PlanNode, shape: Shape | None, facts: Facts) -> _Asked | None:
    table = known_name(RelationName(node.schema or "", node.relation or ""), facts)
    if table is None:
        return None
    columns = columns_in(node, facts.relations.get(table))
    blocks = shape.blocks if shape is not None else ()
    own = [p for block in blocks for p in block.predicates if p.table == node.alias and p.column is None]
    expressions = tuple(dict.fromkeys(p.index_expression for p in own if p.index_expression is not None))
    if any(p.index_expression is None for p in own):
        return None  # what it asks of the columns is not known
    within = {ref.column for p in own for ref in p.columns}
    plain = {
        p.column.column for block in blocks for p in block.predicates if p.table == node.alias and p.column is not None
    }
    return _Asked(table, node.alias or "", FILTER, tuple(c for c in columns if c not in within - plain), expressions)


def _grouped(node: PlanNode, shape: Shape) -> _Asked | None:
    """The block whose keys these are: as many, and of one table."""
    for block in shape.blocks:
        keys: Sequence[SortKey] = block.group_by or block.distinct_on
        if not keys and block.distinct:
            keys = [SortKey(column=item.column, columns=item.columns) for item in block.select]
        owners = {(ref.alias, ref.relation) for key in keys for ref in (key.columns or (key.column,)) if ref}
        usable = all(key.column is not None or key.index_expression is not None for key in keys)
        if len(keys) != len(node.group_key) or len(owners) != 1 or not usable or block.grouping_sets:
            continue
        ((alias, table),) = owners
        columns = tuple(key.column.column for key in keys if key.column is not None)
        return _Asked(table, alias, GROUP, columns, tuple(k.index_expression for k in keys if k.index_expression))
    return None


def _own(node: PlanNode) -> bool:
    """Whether its conditions ask of its own columns and of values alone."""
    for condition in (node.index_cond, node.recheck_cond, node.filter):
        if any(token.text in PLACEHOLDERS or token.number is not None for token in tokens_of(condition)):
            return False
        if any(name != node.alias for name in qualifiers(condition)):
            return False
    return any((node.index_cond, node.recheck_cond, node.filter))


def _groups(node: PlanNode) -> bool:
    """Its rows are the groups: HAVING keeps some of them only."""
    whole = node.extra.get("Partial Mode") != "Partial" and node.filter is None
    return node.node_type in GROUPS and bool(node.group_key) and whole


def _whole_table(node: PlanNode) -> bool:
    """Whether all rows of one table come up to it."""
    while node.children:
        if len(node.children) != 1 or node.join_type is not None:
            return False
        node = node.children[0]
        if node.node_type == "Limit":
            return False
    return node.node_type in SCANS and not any((node.index_cond, node.recheck_cond, node.filter))


def _shared_by(placed: PlacedNode, nodes: dict[str, PlacedNode]) -> float | None:
    """What the planner divided the rows by; None for groups that are made repeatedly, and copies in each worker."""
    node = placed.node
    above = [placed]
    while above[-1].parent is not None:
        above.append(nodes[above[-1].parent])
    gather = next((each.node for each in above[1:] if each.node.node_type in ("Gather", "Gather Merge")), None)
    if gather is None:
        return 1.0 if node.loops == 1 or node.node_type in SCANS else None
    if node.extra.get("Parallel Aware") is not True:
        return None
    return processes(gather.workers_planned or 0)

"""Facts of plan nodes and of plans."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import msgspec

from pgtune_cli.explain.derive import PlacedNode, q_error, rows_total, stopped_early, walk
from pgtune_cli.explain.exclusive import NodeNumbers, exclusive
from pgtune_cli.lint.condition_columns import casts_on_columns, columns_in
from pgtune_cli.lint.measured_rows import comparable_rows
from pgtune_cli.lint.statistics_sql import create_statistics_sql
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import PlanNode, StatementPlan
from pgtune_cli.model.statement import Statement

Analyze = "analyze"
SORT_SPACES = ("Sort Space Memory", "Sort Space Disk")


class PlanNodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One node of a plan. What a kind of node does not have is 0 once the plan was executed, not unknown."""

    label: Annotated[str, known("the node and what it reads: Seq Scan on public.orders")]
    node_type: Annotated[str, known("as EXPLAIN names it: Seq Scan, Hash Join, Sort")]
    join_type: Annotated[str, known("Inner, Left, Semi, Anti; empty for other nodes")]
    strategy: Annotated[str, known("of an Aggregate: Plain, Sorted, Hashed, Mixed; else empty")]
    parent_relationship: Annotated[str, known("Outer, Inner, InitPlan, SubPlan, Member; empty at the root")]
    relation: Annotated[str | None, known("schema.name of the table that is read")]
    index_name: Annotated[str | None, known("the index that is read")]
    executed: Annotated[bool, known("the plan was made with ANALYZE")]
    depth: Annotated[int, known("0 at the root")]
    total_cost: Annotated[float, known("the planner's cost, children included")]
    plan_rows: Annotated[float, known("rows the planner expected, per loop")]
    plan_width: Annotated[int, known("bytes of a row the planner expected")]
    actual_rows: Annotated[float | None, known("rows returned, per loop", need=Analyze)]
    actual_rows_total: Annotated[float | None, known("rows returned over all loops", need=Analyze)]
    loops: Annotated[float | None, known("how often it ran", need=Analyze)]
    q_error: Annotated[float | None, known("max(actual/plan, plan/actual) of the rows, both at least 1", need=Analyze)]
    worst_child_q_error: Annotated[float | None, known("the largest q_error right below; 1 without any", need=Analyze)]
    stopped_early: Annotated[bool, known("something above may have stopped reading: a LIMIT, EXISTS, a merge join")]
    time_ms: Annotated[float | None, known("time without its children, over all loops", need=Analyze)]
    time_share: Annotated[float | None, known("that time as a fraction of the execution", need=Analyze)]
    blocks: Annotated[float | None, known("shared blocks hit and read without its children", need="buffers")]
    has_filter: Annotated[bool, known("it has a Filter")]
    rows_removed: Annotated[float | None, known("rows removed by its filter, over all loops", need=Analyze)]
    removed_fraction: Annotated[float | None, known("the removed rows as a fraction of those it read", need=Analyze)]
    join_rows_removed: Annotated[float | None, known("rows removed by its join filter, over all loops", need=Analyze)]
    join_removed_fraction: Annotated[float | None, known("those as a fraction of the joined rows", need=Analyze)]
    recheck_rows_removed: Annotated[float | None, known("rows removed by an index recheck, all loops", need=Analyze)]
    heap_fetches: Annotated[float | None, known("of an index-only scan: rows it had to look up in the table, all loops",
                                                need=Analyze)]  # fmt: skip
    exact_heap_blocks: Annotated[float | None, known("of a bitmap heap scan", need=Analyze)]
    lossy_heap_blocks: Annotated[float | None, known("of a bitmap heap scan: blocks read whole because work_mem was "
                                                     "too small for the bitmap", need=Analyze)]  # fmt: skip
    sort_spilled: Annotated[bool | None, known("a sort that used the disk", need=Analyze)]
    sort_space_bytes: Annotated[float | None, known("what a sort used, memory or disk", need=Analyze)]
    hash_batches: Annotated[float | None, known("parts a hash was split into; 1 fits in memory", need=Analyze)]
    temp_bytes: Annotated[float | None, known("written to temporary files without its children", need="buffers")]
    workers_planned: Annotated[float, known("of a Gather")]
    workers_launched: Annotated[float | None, known("of a Gather", need=Analyze)]
    table_rows: Annotated[float | None, known("rows of the table that is read", need="statistics")]
    table_bytes: Annotated[float | None, known("size of the table that is read", need="sizes")]
    condition_columns: Annotated[tuple[str, ...], known("columns of its table in its filter and index condition")]
    statistics_sql: Annotated[str | None, known("CREATE STATISTICS over those columns; null with fewer than two, or "
                                                "when they are covered", sql=True)]  # fmt: skip
    cast_columns: Annotated[tuple[str, ...], known("indexed columns that its filter compares after a cast which "
                                                   "the text does not ask for and the index does not serve, as "
                                                   "column::type")]  # fmt: skip
    calls: Annotated[float, known("how often the statement was called")]
    mean_exec_time_ms: Annotated[float | None, known("measured mean time of the statement", need="workload")]


class PlanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One plan of a statement."""

    source: Annotated[str, known("server, clone or snapshot")]
    executed: Annotated[bool, known("made with ANALYZE")]
    total_cost: Annotated[float, known("the planner's cost")]
    execution_time_ms: Annotated[float | None, known("of this execution", need=Analyze)]
    planning_time_ms: Annotated[float | None, known("of this execution", need=Analyze)]
    jit_time_ms: Annotated[float | None, known("time spent compiling; null when nothing was compiled", need=Analyze)]
    jit_share: Annotated[float | None, known("compiling as a fraction of the execution", need=Analyze)]
    blocks: Annotated[float | None, known("shared blocks hit and read", need="buffers")]
    nodes: Annotated[int, known("how many nodes it has")]
    largest_plan_rows: Annotated[float, known("the most rows that the planner expected of the statement, over all "
                                              "values it was planned with, the most common ones included")]  # fmt: skip
    measured_rows: Annotated[float | None, known("rows a call returned on average, where the text compares parameters "
                                                 "by equality only; null elsewhere", need="workload")]  # fmt: skip
    measured_q_error: Annotated[float | None, known("measured over planned rows, both at least 1; null as above",
                                                    need="workload")]  # fmt: skip
    correlated_columns: Annotated[tuple[str, ...], known("columns of one table that one scan compares together")]
    correlated_table: Annotated[str | None, known("that table")]
    statistics_sql: Annotated[str | None, known("CREATE STATISTICS over them; null when they are covered", sql=True)]
    calls: Annotated[float, known("how often the statement was called")]


def plan_nodes(world: World, statement: Statement) -> Iterator[Subject]:
    """Every node of the plans to judge of a statement."""
    for made in world.plans(statement.fingerprint):
        numbers, stopped = exclusive(made.plan), stopped_early(made.plan)
        for placed in walk(made.plan):
            name = world.relation_of(placed.node)
            own = numbers[placed.path]
            yield Subject(
                facts=_node_facts(world, statement, made, placed, own, placed.path in stopped),
                relation=str(name) if name is not None else None,
                statements=(statement.fingerprint,),
                place=f"{made.parameters.name} {placed.path}",
            )


def _node_facts(
    world: World, statement: Statement, made: StatementPlan, placed: PlacedNode, own: NodeNumbers, stopped: bool
) -> PlanNodeFacts:
    node = placed.node
    name = world.relation_of(node)
    columns = columns_in(node, world.relations.get(name)) if name is not None else ()
    removed = _times(node.rows_removed_by_filter, node) if node.filter else None
    join_removed = _times(node.rows_removed_by_join_filter, node) if node.join_filter else None
    total, ran = rows_total(node), made.execution_time_ms
    temp_blocks = own.temp_written_blocks
    there = _there(made)
    return PlanNodeFacts(
        label=_label(node, name),
        node_type=node.node_type, join_type=node.join_type or "", strategy=node.strategy or "",
        parent_relationship=node.parent_relationship or "", relation=str(name) if name else None,
        index_name=node.index_name, executed=made.executed, depth=placed.depth, total_cost=node.total_cost,
        plan_rows=node.plan_rows, plan_width=node.plan_width, actual_rows=node.actual_rows, actual_rows_total=total,
        loops=node.loops, q_error=q_error(node), worst_child_q_error=_worst_child(node), stopped_early=stopped,
        time_ms=own.time_ms, time_share=own.time_ms / ran if own.time_ms is not None and ran else None,
        blocks=_sum(own.shared_hit_blocks, own.shared_read_blocks), has_filter=node.filter is not None,
        rows_removed=there(removed), removed_fraction=there(_fraction(removed, total)),
        join_rows_removed=there(join_removed), join_removed_fraction=there(_fraction(join_removed, total)),
        recheck_rows_removed=_times(node.rows_removed_by_index_recheck, node), heap_fetches=there(node.heap_fetches),
        exact_heap_blocks=there(node.exact_heap_blocks), lossy_heap_blocks=there(node.lossy_heap_blocks),
        sort_spilled=_sort_spilled(node),
        sort_space_bytes=there(_sort_space(node)),
        hash_batches=there(node.hash_batches if node.hash_batches is not None else _hash_aggregate_batches(node)),
        temp_bytes=temp_blocks * world.snapshot.server.block_size if temp_blocks is not None else None,
        workers_planned=node.workers_planned or 0, workers_launched=there(node.workers_launched),
        table_rows=world.rows(name) if name else None, table_bytes=world.size_bytes(name) if name else None,
        condition_columns=columns, statistics_sql=_statistics_sql(world, name, columns),
        cast_columns=casts_on_columns(node, name, statement, world) if name is not None else (), calls=statement.calls,
        mean_exec_time_ms=statement.mean_exec_time_ms if world.measured else None,
    )  # fmt: skip


def plans(world: World, statement: Statement) -> Iterator[Subject]:
    """The plans to judge of a statement."""
    for made in world.plans(statement.fingerprint):
        jit, ran = made.plan.jit_time_ms, made.execution_time_ms
        facts = PlanFacts(
            source=made.source, executed=made.executed, total_cost=made.total_cost, execution_time_ms=ran,
            planning_time_ms=made.plan.planning_time_ms, jit_time_ms=_jit(made),
            jit_share=jit / ran if jit is not None and ran else _jit(made), blocks=made.blocks,
            nodes=sum(1 for _ in walk(made.plan)), calls=statement.calls, **_measured(world, statement, made),
        )  # fmt: skip
        yield Subject(
            facts=facts, relation=facts.correlated_table, statements=(statement.fingerprint,),
            place=made.parameters.name,
        )  # fmt: skip


def _measured(world: World, statement: Statement, made: StatementPlan) -> dict[str, Any]:
    """What pg_stat_statements counted against the largest estimate, and the columns that may explain the difference."""
    planned = max(plan.plan.root.plan_rows for plan in world.all_plans(statement.fingerprint))
    measured = statement.rows / statement.calls if comparable_rows(statement, world) else None
    name, columns = _compared_together(world, made)
    return {
        "largest_plan_rows": planned, "measured_rows": measured,
        "measured_q_error": max(measured, 1.0) / max(planned, 1.0) if measured is not None else None,
        "correlated_columns": columns, "correlated_table": str(name) if name else None,
        "statistics_sql": _statistics_sql(world, name, columns),
    }  # fmt: skip


def _compared_together(world: World, made: StatementPlan) -> tuple[RelationName | None, tuple[str, ...]]:
    """The scan with the most compared columns; none with fewer than two."""
    found: tuple[RelationName | None, tuple[str, ...]] = (None, ())
    for placed in walk(made.plan):
        name = world.relation_of(placed.node)
        columns = columns_in(placed.node, world.relations.get(name)) if name is not None else ()
        if len(columns) > max(len(found[1]), 1):
            found = (name, columns)
    return found


def _jit(made: StatementPlan) -> float | None:
    """An executed plan that says nothing of JIT compiled nothing."""
    return made.plan.jit_time_ms if made.plan.jit_time_ms is not None or not made.executed else 0.0


def _there(made: StatementPlan) -> Callable[[float | None], float | None]:
    """EXPLAIN ANALYZE leaves out what a node does not have."""
    return lambda value: 0.0 if value is None and made.executed else value


def _label(node: PlanNode, name: RelationName | None) -> str:
    target = name or node.relation or node.cte_name or node.function_name
    kind = node.node_type if node.join_type in (None, "Inner") else f"{node.node_type} ({node.join_type})"
    return f"{kind} on {target}" if target else kind


def _times(per_loop: float | None, node: PlanNode) -> float | None:
    """EXPLAIN averages removed rows over the loops, and leaves out what is 0."""
    return None if node.loops is None else (per_loop or 0.0) * node.loops


def _fraction(removed: float | None, kept: float | None) -> float | None:
    if removed is None or kept is None:
        return None
    return removed / (removed + kept) if removed + kept else 0.0


def _sum(*numbers: float | None) -> float | None:
    there = [number for number in numbers if number is not None]
    return sum(there) if there else None


def _worst_child(node: PlanNode) -> float | None:
    if node.actual_rows is None:
        return None
    return max((error for child in node.children if (error := q_error(child)) is not None), default=1.0)


def _sort_spilled(node: PlanNode) -> bool | None:
    if node.node_type not in ("Sort", "Incremental Sort"):
        return False
    if node.sort_space_type is not None:
        return node.sort_space_type == "Disk"
    groups = [node.extra.get(key) for key in ("Full-sort Groups", "Pre-sorted Groups")]
    return any("Sort Space Disk" in group for group in groups if isinstance(group, dict)) if any(groups) else None


def _sort_space(node: PlanNode) -> float | None:
    """An incremental sort tells the largest of its groups."""
    groups = [node.extra.get(key) for key in ("Full-sort Groups", "Pre-sorted Groups")]
    spaces = [group.get(key) for group in groups if isinstance(group, dict) for key in SORT_SPACES]
    peaks = [space.get("Peak Sort Space Used") for space in spaces if isinstance(space, dict)]
    used = [node.sort_space_used_kb, *(peak for peak in peaks if isinstance(peak, (int, float)))]
    return max((kilobytes * 1024.0 for kilobytes in used if kilobytes is not None), default=None)


def _hash_aggregate_batches(node: PlanNode) -> float | None:
    """HashAgg Batches counts the spilled parts: 0 or 1 without any."""
    batches = node.extra.get("HashAgg Batches")
    return float(batches) if isinstance(batches, (int, float)) else None


def _statistics_sql(world: World, name: RelationName | None, columns: tuple[str, ...]) -> str | None:
    if name is None or not 2 <= len(columns) <= 8:
        return None
    covered = any(set(columns) <= set(item.columns) for item in world.extended_statistics.get(name, []))
    return None if covered else create_statistics_sql(name, columns, world)

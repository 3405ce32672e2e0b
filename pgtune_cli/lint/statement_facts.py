"""Facts of statements: what they cost by pg_stat_statements, and what their text does."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from pgtune_cli.explain.derive import stopped_early, walk
from pgtune_cli.lint.lookups import Lookup, find_parent, key_lookup
from pgtune_cli.lint.pagination import Pagination, pagination
from pgtune_cli.lint.per_call import per_call
from pgtune_cli.lint.plan_flips import PlanFlips, plan_flips
from pgtune_cli.lint.statement_load import StatementLoad, statement_load
from pgtune_cli.lint.subject import Subject, known
from pgtune_cli.lint.text_joins import JoinFacts
from pgtune_cli.lint.text_results import IdentityFacts, ResultFacts
from pgtune_cli.lint.text_writes import WriteFacts
from pgtune_cli.lint.wide_columns import WideStar, wide_star
from pgtune_cli.lint.world import World
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import normalise
from pgtune_cli.sql.shape import CountCheck, Shape, Use

Workload = "workload"
Parsed = "shape"


class StatementCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of a statement, and how it pages and looks up."""

    fingerprint: Annotated[str, known("pgtune's own, stable over versions and literals")]
    query: Annotated[str, known("the text, as pg_stat_statements shows it")]
    kind: Annotated[str | None, known("select, insert, update, delete, merge", need=Parsed)]
    calls: Annotated[float, known("how often it was called")]
    total_exec_time_ms: Annotated[float | None, known("measured", need=Workload)]
    mean_exec_time_ms: Annotated[float | None, known("measured", need=Workload)]
    stddev_exec_time_ms: Annotated[float | None, known("measured", need=Workload)]
    share_of_time: Annotated[float | None, known("fraction of the execution time of all statements", need=Workload)]
    rows: Annotated[float | None, known("rows returned or changed", need=Workload)]
    rows_per_call: Annotated[float | None, known("rows returned or changed, a call", need=Workload)]
    shared_blks_hit: Annotated[float | None, known("blocks found in shared_buffers", need=Workload)]
    shared_blks_read: Annotated[float | None, known("blocks read from outside shared_buffers", need=Workload)]
    blocks_per_call: Annotated[float | None, known("shared blocks hit and read, a call", need=Workload)]
    blocks_per_row: Annotated[float | None, known("shared blocks hit and read, a returned row; a call without rows "
                                                  "counts as one", need=Workload)]  # fmt: skip
    temp_bytes_per_call: Annotated[float | None, known("written to temporary files, a call", need=Workload)]
    executed: Annotated[bool, known("a plan of it was made with ANALYZE")]
    relations: Annotated[tuple[str, ...] | None, known("tables it reads or writes, as schema.name", need=Parsed)]
    largest_table_rows: Annotated[float | None, known("rows of the largest of them", need="statistics")]
    has_limit: Annotated[bool | None, known("its outermost SELECT has a LIMIT", need=Parsed)]
    has_offset: Annotated[bool | None, known("its outermost SELECT has an OFFSET other than 0", need=Parsed)]
    deepest_offset: Annotated[float | None, known("the largest OFFSET seen, in the text or in a sampled one",
                                                  need="literals")]  # fmt: skip
    blocks_over_plan: Annotated[float | None, known("blocks a call over those of the executed plan, where the text "
                                                    "leaves nothing but LIMIT and OFFSET open; the plan skips ten "
                                                    "pages", need="analyze")]  # fmt: skip
    limit_stops_early: Annotated[bool | None, known("the plan reads rows in order and stops at the LIMIT, so that an "
                                                    "OFFSET costs what it skips; false where all is sorted",
                                                    need="plan")]  # fmt: skip
    paginated: Annotated[bool | None, known("it reads page by page: LIMIT with an OFFSET, or with a range condition on "
                                            "its first sort key", need=Parsed)]  # fmt: skip
    has_order_by: Annotated[bool | None, known("its outermost SELECT is sorted", need=Parsed)]
    order_is_total: Annotated[bool | None, known("no two of its rows agree in all sort keys, by unique keys",
                                                 need=Parsed)]  # fmt: skip
    order_keys: Annotated[tuple[str, ...] | None, known("the columns it sorts by", need=Parsed)]
    rows_per_tie: Annotated[float | None, known("rows that share their sort keys, on average", need="statistics")]
    tiebreaker: Annotated[tuple[str, ...], known("primary key columns that would make the order total; empty when "
                                                 "several tables are read")]  # fmt: skip
    counts_and_compares: Annotated[bool | None, known("it compares a count(…) with something", need=Parsed)]
    count_asks_existence: Annotated[bool | None, known("the count is compared so that any row at all decides: > 0, "
                                                       ">= 1, = 0, < 1", need="literals")]  # fmt: skip
    star_wide_columns: Annotated[tuple[str, ...] | None, known("wide columns that a * in its select list drags along",
                                                               need=Parsed)]  # fmt: skip
    star_wide_bytes: Annotated[float | None, known("their average width, TOAST included", need="statistics")]
    key_lookup: Annotated[bool | None, known("it reads one table by equality on a key or a foreign key", need=Parsed)]
    lookup_columns: Annotated[tuple[str, ...], known("the columns of that lookup")]
    loop_parent: Annotated[str | None, known("fingerprint of a statement whose rows it is called for, one by one",
                                             need=Workload)]  # fmt: skip
    loop_parent_query: Annotated[str | None, known("the text of that statement", need=Workload)]
    calls_per_parent_row: Annotated[float | None, known("its calls, a row that the parent returned; 0 without one",
                                                        need=Workload)]  # fmt: skip
    calls_per_parent_call: Annotated[float | None, known("its calls, a call of the parent; 0 without one",
                                                         need=Workload)]  # fmt: skip


class StatementFacts(WriteFacts, JoinFacts, ResultFacts, IdentityFacts):
    """One statement. Totals over the window of pg_stat_statements."""

    groups: ClassVar[dict[str, type[msgspec.Struct]]] = {
        "counted": StatementCounts,
        "load": StatementLoad,
        "flips": PlanFlips,
    }

    def counted(self) -> dict[str, Any]:
        shape, world, statement = self.shape, self.world, self.statement
        pages, star = pagination(statement, shape, world), wide_star(shape, world)
        found = _facts(world, statement, shape, pages, star, key_lookup(shape, world))
        return msgspec.structs.asdict(found)

    def load(self) -> dict[str, Any]:
        return statement_load(self.world, self.statement, self.shape)

    def flips(self) -> dict[str, Any]:
        return plan_flips(self.world, self.statement)


def statements(world: World, statement: Statement) -> Iterator[Subject]:
    """The statement itself."""
    shape = world.shape(statement)
    relations = tuple(str(name) for name in shape.relations) if shape is not None else None
    yield Subject(
        facts=StatementFacts(world, statement),
        relation=relations[0] if relations and len(relations) == 1 else None,
        statements=(statement.fingerprint,),
        channel=statement.sample_channel,
    )


def _facts(
    world: World, statement: Statement, shape: Shape | None, pages: Pagination, star: WideStar, lookup: Lookup | None
) -> StatementCounts:
    measured = world.measured and statement.calls > 0
    cost = per_call(statement, world)
    parent = find_parent(statement, lookup, world) if measured and lookup is not None else None
    rows = [world.rows(name) for name in shape.relations] if shape is not None else []
    asks, exists = _count_facts(world, statement, shape)

    block_size = world.snapshot.server.block_size

    def value(number: float | None) -> float | None:
        return number if measured else None

    return StatementCounts(
        fingerprint=statement.fingerprint, query=statement.query, kind=shape.kind.value if shape else None,
        calls=statement.calls, total_exec_time_ms=value(statement.total_exec_time_ms),
        mean_exec_time_ms=value(statement.mean_exec_time_ms), stddev_exec_time_ms=value(statement.stddev_exec_time_ms),
        share_of_time=value(statement.share_of_time), rows=value(statement.rows),
        rows_per_call=cost.rows, shared_blks_hit=value(statement.shared_blks_hit),
        shared_blks_read=value(statement.shared_blks_read), blocks_per_call=cost.blocks,
        blocks_per_row=cost.blocks / max(cost.rows or 0.0, 1.0) if cost.blocks is not None else None,
        temp_bytes_per_call=cost.temp_blocks * block_size if cost.temp_blocks is not None else None,
        executed=any(plan.executed for plan in world.plans(statement.fingerprint)),
        relations=tuple(str(name) for name in shape.relations) if shape else None,
        largest_table_rows=max((count for count in rows if count is not None), default=None),
        has_limit=pages.has_limit, has_offset=pages.has_offset, deepest_offset=pages.deepest_offset,
        blocks_over_plan=_blocks_over_plan(world, statement, shape, cost.blocks),
        limit_stops_early=_stops_early(world, statement),
        paginated=pages.paginated, has_order_by=pages.has_order_by, order_is_total=pages.order_is_total,
        order_keys=pages.order_keys, rows_per_tie=pages.rows_per_tie, tiebreaker=pages.tiebreaker,
        counts_and_compares=asks, count_asks_existence=exists,
        star_wide_columns=star.columns, star_wide_bytes=star.bytes,
        key_lookup=lookup is not None if shape else None, lookup_columns=lookup.columns if lookup else (),
        loop_parent=parent.fingerprint if parent else None,
        loop_parent_query=normalise(parent.query) if parent else None,
        calls_per_parent_row=value(parent.calls_per_row if parent else 0.0),
        calls_per_parent_call=value(parent.calls_per_call if parent else 0.0),
    )  # fmt: skip


def _blocks_over_plan(world: World, statement: Statement, shape: Shape | None, blocks: float | None) -> float | None:
    """With every condition known, only the depth of the pages explains a difference."""
    made = next((plan for plan in world.plans(statement.fingerprint) if plan.executed), None)
    if made is None or not made.blocks or blocks is None or shape is None:
        return None
    known = all(use.use in (Use.LIMIT, Use.OFFSET, Use.SELECT) for use in shape.parameters)
    return blocks / made.blocks if known else None


def _stops_early(world: World, statement: Statement) -> bool | None:
    plans = world.plans(statement.fingerprint)
    if not plans:
        return None
    made = plans[0].plan
    stopped = stopped_early(made)
    return any(placed.path in stopped and placed.node.relation is not None for placed in walk(made))


def _count_facts(world: World, statement: Statement, shape: Shape | None) -> tuple[bool | None, bool | None]:
    """Whether a count is compared, and whether that asks for existence: unknown where the constant is hidden."""
    if shape is None:
        return None, None
    if not shape.count_checks:
        return False, False
    seen = [check for item in (shape, *world.sample_shapes(statement)) for check in item.count_checks]
    answers = [_asks_existence(check) for check in seen if check.value is not None]
    if not answers and all(shape.blocks[check.block].group_by for check in shape.count_checks):
        return True, False  # HAVING count(*) > $1 filters groups by their size: each of them has a row
    return True, any(answers) if answers else None


def _asks_existence(check: CountCheck) -> bool:
    return (check.operator, check.value) in {
        (">", "0"), (">=", "1"), ("=", "0"), ("<", "1"), ("<>", "0"), ("!=", "0"), ("<=", "0"),
    }  # fmt: skip

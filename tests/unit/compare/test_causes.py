"""What is told as the cause of a change: code, tables that grew, settings of roles, and what nothing read explains."""

import msgspec

from pgtune_cli.compare.causes import causes, unseen
from pgtune_cli.model.comparison import Baseline, BaselineStatement, Measurement, PlanSummary, TableState

TABLES = ("public.visit",)
PLAN = PlanSummary(total_cost=10.0, shape=("Seq Scan on public.visit",))


def statement(temp: float = 0, functions: tuple[str, ...] = ()) -> BaselineStatement:
    measured = Measurement(
        calls=1, mean_exec_time_ms=1, rows_per_call=1, blocks_per_call=1, temp_blocks_per_call=temp
    )  # fmt: skip
    return BaselineStatement(
        fingerprint="x",
        query="select 1",
        measurement=measured,
        tables=("public.visit",),
        plan=PLAN,
        functions=functions,
    )


def more(**figures: float) -> BaselineStatement:
    measured = msgspec.structs.replace(statement().measurement, **figures)
    return msgspec.structs.replace(statement(), measurement=measured)


def run(table: TableState, version: int = 180000, **more: object) -> Baseline:
    return msgspec.structs.replace(
        Baseline(
            pgtune_version="1", slow_query_threshold_ms=100.0, tables={"public.visit": table},
            server_version_num=version, statements=(),
        ),
        **more,
    )  # fmt: skip


def test_a_load_that_no_analyze_counted_is_told_by_its_blocks() -> None:
    before, after = run(TableState(rows=30_000, pages=370)), run(TableState(rows=30_000, pages=930))
    (told,) = causes(statement(), statement(), before, after)
    assert told == "public.visit has 930 blocks, it had 370: dead rows, or rows that no ANALYZE has counted"
    grown = run(TableState(rows=75_000, pages=930))
    assert causes(statement(), statement(), before, grown) == ("public.visit grew by 150%",)


def test_triggers_policies_and_views_that_came_went_or_changed_are_told() -> None:
    before = run(TableState(code={"trigger a": "1", "policy p": "1", "query": "1"}))
    after = run(TableState(code={"trigger b": "1", "policy p": "2", "query": "2"}))
    assert causes(statement(), statement(), before, after) == (
        "policy p on public.visit was changed",
        "view public.visit was changed",
        "trigger a on public.visit is gone",
        "trigger b on public.visit is new",
    )
    newer = msgspec.structs.replace(after, server_version_num=190000)
    assert causes(statement(), statement(), before, newer) == (
        "trigger a on public.visit is gone",
        "trigger b on public.visit is new",
        "PostgreSQL was 18, is 19",
    )
    unknown = run(TableState())
    assert causes(statement(), statement(), unknown, after) == ()


def test_functions_are_compared_where_both_sides_know_them() -> None:
    before = run(TableState(), functions={"public.f()": "1", "public.g()": "1"})
    after = run(TableState(), functions={"public.f()": "2", "public.h()": "1"})
    old, new = statement(functions=("public.f()", "public.g()")), statement(functions=("public.f()", "public.h()"))
    assert causes(old, new, before, after) == (
        "function public.f() was changed",
        "it now calls function public.h()",
        "it no longer calls function public.g()",
    )
    assert causes(old, new, run(TableState()), after) == ()
    newer = msgspec.structs.replace(after, server_version_num=190000)
    assert "function public.f() was changed" not in causes(old, new, before, newer)  # 19 may only write it otherwise


def test_a_setting_that_a_role_was_given_is_told() -> None:
    before = run(TableState(), settings={"work_mem": "4096"})
    after = run(TableState(), settings={"work_mem": "4096", "work_mem of role app": "64kB"})
    assert causes(statement(), statement(), before, after) == ("work_mem of role app was not set, is 64kB",)


def test_what_nothing_read_explains_is_said() -> None:
    (spilled,) = unseen(statement(), statement(temp=200), sent_more=False)
    assert "work_mem" in spilled
    (other,) = unseen(statement(), more(blocks_per_call=9), sent_more=False)
    assert "constants or parameters" in other
    (loop,) = unseen(statement(), more(calls=40), sent_more=True)
    assert "N+1" in loop
    assert unseen(statement(), statement(), sent_more=False) == ()
    # a slower one that was sent a little more often is no loop
    assert unseen(statement(), more(calls=40), sent_more=False) == ()
    assert unseen(statement(), msgspec.structs.replace(statement(), fingerprint="y"), sent_more=True) == ()

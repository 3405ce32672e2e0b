import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import SampledText, Server, Snapshot, StatementRow, Workload
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.plannable import is_cut_off, is_plannable
from pgtune_cli.sql.statements import pooled_stddev, statements


def row(query: str, calls: int = 1, total: float = 1.0, **more: object) -> StatementRow:
    fields = {"queryid": "1", "role": "app", "mean_exec_time_ms": total / calls if calls else 0.0, **more}
    return StatementRow(query=query, calls=calls, total_exec_time_ms=total, **fields)  # type: ignore[arg-type]


def snapshot(*rows: StatementRow, samples: tuple[SampledText, ...] = (), total: float | None = None) -> Snapshot:
    server = Server(version_num=180000, version="18", database="d", user="u")
    workload = Workload(source="pg_stat_statements", rows=rows, samples=samples, total_exec_time_ms=total)
    return Snapshot(pgtune_version="0", server=server, workload=workload, catalog=Catalog())


def test_rows_of_one_fingerprint_are_one_statement() -> None:
    one = row(
        "select a from t where b = $1", 10, 100.0, queryid="7", role="web", stddev_exec_time_ms=2.0, rows=10,
        max_exec_time_ms=30.0, shared_blks_hit=5, shared_blks_read=1, temp_blks_written=2, wal_records=3,
    )  # fmt: skip
    other = row(
        "SELECT a FROM t x WHERE x.b = $2", 30, 60.0, queryid="9", role="job", stddev_exec_time_ms=1.0, rows=5,
        max_exec_time_ms=9.0, shared_blks_hit=50, shared_blks_read=10, temp_blks_written=20, wal_records=30,
    )  # fmt: skip
    rare = row("select c from t where b = $1", 1, 40.0, queryid="8")
    found = statements(snapshot(one, rare, other, total=400.0))
    stddev = (10 * (4 + 36) + 30 * (1 + 4)) / 40
    assert found[0] == Statement(
        fingerprint=fingerprint(one.query),
        queryids=("7", "9"),
        roles=("job", "web"),
        query=one.query,
        calls=40,
        total_exec_time_ms=160.0,
        mean_exec_time_ms=4.0,
        stddev_exec_time_ms=stddev**0.5,
        max_exec_time_ms=30.0,
        rows=15,
        shared_blks_hit=55,
        shared_blks_read=11,
        temp_blks_written=22,
        wal_records=33,
        share_of_time=0.4,
    )
    assert [statement.query for statement in found] == [one.query, rare.query]


@given(st.lists(st.lists(st.floats(0, 1000), min_size=1, max_size=8), min_size=1, max_size=5))
def test_the_deviation_is_that_of_all_calls_together(groups: list[list[float]]) -> None:
    rows = [
        row("select 1", len(group), sum(group), mean_exec_time_ms=statistics.fmean(group),
            stddev_exec_time_ms=statistics.pstdev(group))
        for group in groups
    ]  # fmt: skip
    together = [value for group in groups for value in group]
    assert pooled_stddev(rows) == pytest.approx(statistics.pstdev(together), abs=1e-6, rel=1e-6)


def test_the_deviation_is_unknown_when_one_row_does_not_know_it() -> None:
    assert pooled_stddev([row("a", 2, 2.0, stddev_exec_time_ms=1.0), row("a", 2, 2.0)]) is None


def test_what_passes_inside_a_function_is_counted_once() -> None:
    inner = "SELECT a FROM t WHERE b = k"
    nested, caller = statements(
        snapshot(row("SELECT f($1)", total=80.0), row(inner, total=60.0, toplevel=False), row(inner, total=20.0))
    )
    assert (caller.share_of_time, caller.nested_exec_time_ms) == (0.8, 0.0)
    assert (nested.share_of_time, nested.nested_exec_time_ms) == (0.8, 60.0)
    # its caller is a CALL that nobody counted
    (alone,) = statements(snapshot(row(inner, total=60.0, toplevel=False)))
    assert alone.share_of_time == 1.0


def test_utility_statements_are_no_statements() -> None:
    texts = [
        "BEGIN",
        "set x = 1",
        "/* c */ COMMIT",
        "SHOW all",
        "DEALLOCATE ALL",
        "FETCH $1 IN c",
        "vacuum t",
        "select 1",
    ]
    assert [found.query for found in statements(snapshot(*map(row, texts)))] == ["select 1"]


def test_hidden_texts_stay_apart_by_their_queryid() -> None:
    hidden = "<insufficient privilege>"
    found = statements(snapshot(row(hidden, 1, 5.0, queryid="1"), row(hidden, 1, 3.0, queryid="2")))
    assert [(one.query, one.queryids) for one in found] == [(hidden, ("1",)), (hidden, ("2",))]


def test_a_cut_off_text_stays_a_statement() -> None:
    text = "select a from t where b = 'x"
    assert [one.query for one in statements(snapshot(row(text)))] == [text]
    assert is_cut_off(text)


def test_samples_go_to_the_statement_they_are_of() -> None:
    samples = (
        SampledText("select a from t where b = 'rare'", "pg_stat_activity"),
        SampledText("select a from t where b = 'often'", "pg_stat_activity", 9.0),
        SampledText("select z from t", "pg_stat_activity"),
    )
    found = statements(snapshot(row("select a from t where b = $1"), row("select c from t"), samples=samples))
    by_query = {one.query: (one.samples, one.sample_channel) for one in found}
    assert by_query == {
        "select a from t where b = $1": ((samples[1].query, samples[0].query), "pg_stat_activity"),
        "select c from t": ((), None),
    }


def test_a_statement_without_calls_or_time_divides_by_nothing() -> None:
    found = statements(snapshot(row("select a from t", 0, 0.0)))
    assert [(one.mean_exec_time_ms, one.share_of_time) for one in found] == [(0.0, 0.0)]


@pytest.mark.parametrize(
    "text", ["(select 1)", "/* x */ with a as (select 1) select * from a", "VALUES (1)", "table t"]
)
def test_what_the_planner_sees_is_plannable(text: str) -> None:
    assert is_plannable(text)


@pytest.mark.parametrize(
    "text", ["", "  -- nothing", "DECLARE c CURSOR FOR select 1", "SAVEPOINT $1", "copy t to stdout"]
)
def test_what_it_does_not_see_is_not(text: str) -> None:
    assert not is_plannable(text)

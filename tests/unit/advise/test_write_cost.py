"""What an index costs the writes."""

import pytest
from support.advise_fakes import analysis, candidate, index, snapshot, statement, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import items
from pgtune_cli.advise.write_cost import Writes, columns_of, entry_cost, gin_entries, upkeep, window_share, writes_of
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Snapshot, TableUsage, Usage, Window, Workload
from pgtune_cli.model.statement import Statement

NAME = RelationName("public", "t")
T = table("t", "a integer, b integer, mail text", pages=1000)


def written(
    *statements: Statement, usage: Usage | None = None, window: Window | None = None
) -> dict[RelationName, Writes]:
    snap = snapshot([T], usage=usage)
    fields = {name: getattr(snap, name) for name in snap.__struct_fields__}
    fields["workload"] = Workload(source="pg_stat_statements", window=window or Window())
    snap = Snapshot(**fields)
    facts = Facts(snap)
    return writes_of(items(analysis(snap, *statements), facts), facts)


def test_the_workloads_own_writes_are_counted() -> None:
    found = written(
        statement("i", "insert into t (a, b) values ($1, $2)", calls=500, rows=500),
        statement("u", "update t set b = $1 where a = $2", calls=40, rows=80),
        statement("d", "delete from t where a = $1", calls=7, rows=7),
    )
    assert found == {NAME: Writes(500, 80, 0, (("b", 80.0),))}


def test_the_load_of_a_table_is_no_write() -> None:
    load = statement("i", "insert into t (a) select generate_series($1, $2)", calls=1, rows=90_000)
    assert written(load) == {NAME: Writes()}


COUNTERS = TableUsage(table=NAME, n_tup_ins=150_000, n_live_tup=100_000, n_tup_upd=1000, n_tup_hot_upd=800)


def test_the_counters_are_scaled_to_the_window_and_what_the_table_holds_is_left_out() -> None:
    usage = Usage(since="2026-01-01T00:00:00+00:00", days=10, tables=(COUNTERS,))
    found = written(usage=usage, window=Window(seconds=86_400))
    assert found == {NAME: Writes(5000, 100, 80)}


def test_the_window_follows_from_the_two_resets() -> None:
    usage = Usage(since="2026-01-01T00:00:00+00:00", days=10, tables=(COUNTERS,))
    assert written(usage=usage, window=Window(since="2026-01-06T00:00:00+00:00")) == {NAME: Writes(25_000, 500, 400)}


@pytest.mark.parametrize(
    ("usage", "window"),
    [
        (Usage(days=None, tables=(COUNTERS,)), Window(seconds=60)),
        (Usage(days=10, tables=(COUNTERS,)), Window()),
        (Usage(days=10, since="yesterday", tables=(COUNTERS,)), Window(since="2026-01-06T00:00:00+00:00")),
        (Usage(days=10, since="2026-01-01T00:00:00", tables=(COUNTERS,)), Window(since="2026-01-06T00:00:00+00:00")),
    ],
)
def test_periods_that_cannot_be_compared_say_nothing(usage: Usage, window: Window) -> None:
    assert written(usage=usage, window=window) == {}


def test_a_window_of_files_has_no_period() -> None:
    snap = snapshot([T], usage=Usage(days=10), source="workload")
    assert window_share(Facts(snap)) is None


FACTS = Facts(snapshot([T], [index("one", "t", "b")]))
ENTRY = entry_cost(100_000, FACTS)


def test_an_entry_costs_about_a_tenth_of_a_look_up() -> None:
    assert pytest.approx(0.83, abs=0.05) == ENTRY
    assert entry_cost(1e9, FACTS) > ENTRY


@pytest.mark.parametrize(
    ("names", "writes", "cost"),
    [
        (("a",), Writes(), 0.0),
        (("a",), Writes(inserted=100), 100 * ENTRY),
        # 60 of the 100 updates are HOT, and none changes a column of the index
        (("a",), Writes(updated=100, hot=60, assigned=(("b", 100.0),)), 40 * ENTRY),
        # they do: the 60 are HOT no more, and write to the index that there is as well
        (("b",), Writes(updated=100, hot=60, assigned=(("b", 100.0),)), 160 * ENTRY),
        (("lower(mail)",), Writes(updated=100, hot=60, assigned=(("mail", 100.0),)), 160 * ENTRY),
    ],
)
def test_upkeep(names: tuple[str, ...], writes: Writes, cost: float) -> None:
    assert upkeep(candidate("t", *names), writes, FACTS) == pytest.approx(cost)


def test_gin_writes_many_entries_a_row() -> None:
    assert upkeep(candidate("t", "a", method="gin"), Writes(inserted=10), FACTS) == pytest.approx(100 * ENTRY)


def test_gin_writes_as_many_as_were_counted_and_one_for_null() -> None:
    told = [
        statistics("t", "a", null_frac=0.95),
        statistics("t", "b", null_frac=0.5, elem_count_histogram=(1.0, 9.0, 3.0)),
        statistics("t", "mail", elem_count_histogram=(0.0, 1.0, 0.2)),
    ]
    facts = Facts(snapshot([T], stats=told))
    rows = {name: gin_entries(candidate("t", name, method="gin"), facts) for name in ("a", "b", "mail")}
    assert rows == {"a": pytest.approx(0.95 + 0.5), "b": 2.0, "mail": 1.0}


def test_columns_of_expressions_and_conditions_count() -> None:
    made = candidate("t", "lower(mail)", predicate="b IS NULL", include=("a",))
    assert {"mail", "b", "a"} <= columns_of(made)

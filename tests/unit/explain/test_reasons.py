"""Texts that are not even sent, and one-line reasons that hold no customer's value."""

import pytest
from asyncpg import UndefinedTableError

from pgtune_cli.collect.queries import query
from pgtune_cli.explain.reasons import prepare_failure, refused_text
from pgtune_cli.explain.session import marked, place_in_text
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import Server, Skipped, Snapshot, Workload


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select 1", None),
        ("(select 1) union select 2;", None),
        ("/* a */ with x as (select 1) select * from x", None),
        ("<insufficient privilege>", "its text is hidden from this role: GRANT pg_read_all_stats"),
        ("select * from t where a = 'cut of", "its text is cut off"),
        ("select * from t where a in ($1, $2", "its text is cut off"),
        ("select 1; drop table t", "its text holds more than one statement"),
        ("FETCH $1 FROM c", "FETCH has no plan"),
        ("", "an empty text has no plan"),
        ("select 'a\x00b'", "its text holds a NUL character"),
    ],
)
def test_texts_that_have_no_plan_carry_the_reason(query: str, reason: str | None) -> None:
    assert refused_text(query) == reason


def test_the_mark_stands_behind_the_first_word() -> None:
    assert marked("  select 1") == "  select /* pgtune */ 1"


def test_a_position_of_the_server_is_found_again_in_the_text() -> None:
    sql = "select é from gone"
    sent = f"PREPARE abc AS {marked(sql)}"
    assert place_in_text(sql, len("abc"), sent.index("gone") + 1) == sql.index("gone")
    assert place_in_text(sql, len("abc"), sent.index("select") + 1) == 0


@pytest.mark.parametrize(
    ("skipped", "reason"),
    [
        (Skipped("columns of public.part", "no UTF-8"), 'relation "part" could not be read: no UTF-8'),
        (Skipped(query("relations").reads, "timeout"), 'relation "part" could not be read: timeout'),
        (
            Skipped("columns of public.other", "no UTF-8"),
            'relation "part" does not exist: dropped or renamed since the statement ran',
        ),
    ],
)
def test_a_table_that_was_never_read_is_not_said_to_be_dropped(skipped: Skipped, reason: str) -> None:
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="18", database="d", user="u"),
        workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(),
        skipped=(skipped,),
    )
    sql = "select * from part"
    assert prepare_failure(UndefinedTableError("…"), sql, sql.index("part"), snapshot) == reason

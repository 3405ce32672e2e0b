"""Real texts: a workload in the manner of three ORMs and of analysts is run, and pg_stat_statements is read back."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from support.database import Database

from pgtune_cli.advise.steps import check_valid
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.report.format import plain_sql
from pgtune_cli.sql.fingerprint import fingerprint, normalise
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name
from pgtune_cli.sql.parse import parse
from pgtune_cli.sql.plannable import is_plannable
from pgtune_cli.sql.printable import printable
from pgtune_cli.sql.quote import quote_identifier, quote_literal
from pgtune_cli.sql.repair import repair, repairs_for_error
from pgtune_cli.sql.split import split_script

CASES = Path(__file__).resolve().parent.parent / "cases" / "sql"
pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 15, 18)]


def statements() -> list[str]:
    script = (CASES / "workload.sql").read_text(encoding="utf-8")
    return [statement.text for statement in split_script(script)]


@pytest.fixture(scope="module")
def sent(pg_module: Database) -> list[str]:
    """The statements of the workload that this server knows; it has run them."""
    pg_module.execute("create extension pg_stat_statements")
    for statement in split_script((CASES / "schema.sql").read_text(encoding="utf-8")):
        pg_module.execute(statement.text)
    wanted = [text for text in statements() if pg_module.version_num >= 150000 or not text.startswith("merge")]
    this = "(select oid from pg_database where datname = current_database())"
    pg_module.execute(f"select pg_stat_statements_reset(0, {this}, 0)")
    for text in wanted:
        pg_module.execute(text)
    return wanted


def recorded(pg: Database) -> list[str]:
    rows = pg.fetch(
        "select query from pg_stat_statements where query !~ 'pg_stat_statements'"
        " and dbid = (select oid from pg_database where datname = current_database())"
    )
    return [row["query"] for row in rows if is_plannable(row["query"])]


async def prepared(connection: asyncpg.Connection, text: str, version_num: int) -> str | None:
    """The text as PREPARE takes it; None when none of 60 attempts is taken."""
    waiting, seen = [repair(text, version_num)], set[str]()
    while waiting and len(seen) < 60:
        candidate = waiting.pop(0)
        if candidate in seen:
            continue
        seen.add(candidate)
        try:
            await connection.prepare(candidate)
        except asyncpg.PostgresError as error:
            waiting += repairs_for_error(candidate, str(error.sqlstate), str(error), error.as_dict().get("position"))
        else:
            return candidate
    return None


def unprepared(pg: Database, texts: list[str]) -> list[str]:
    async def main() -> list[str]:
        connection = await pg.connect()
        try:
            return [text for text in texts if await prepared(connection, text, pg.version_num) is None]
        finally:
            await connection.close()

    return asyncio.run(main())


def test_recorded_texts_have_the_fingerprint_of_what_was_sent(pg_module: Database, sent: list[str]) -> None:
    fingerprints = {fingerprint(text) for text in sent}
    assert [text for text in recorded(pg_module) if fingerprint(text) not in fingerprints] == []


def test_recorded_texts_are_parsed(pg_module: Database, sent: list[str]) -> None:
    texts = recorded(pg_module)
    assert len(texts) > 120
    assert [text for text in texts if parse(text) is None] == []


def test_recorded_texts_can_be_prepared_after_repair(pg_module: Database, sent: list[str]) -> None:
    assert unprepared(pg_module, recorded(pg_module)) == []


def test_normalised_texts_can_be_prepared_after_repair(pg_module: Database, sent: list[str]) -> None:
    """What a baseline holds is still a statement."""
    assert unprepared(pg_module, [normalise(text) for text in sent]) == []


@pytest.mark.parametrize("value", ["it's", "a\\b", "\\'; drop table t; --", "é'\"\n", ""])
def test_quoted_values_and_names_come_back_unchanged(pg: Database, value: str) -> None:
    name = quote_identifier(value or "x")
    for setting in ("on", "off"):
        pg.execute(f"set standard_conforming_strings = {setting}")
        (row,) = pg.fetch(f"select {quote_literal(value)}::text as {name}")
        assert dict(row) == {value or "x": value}


@pytest.mark.parametrize("value", ["a\tb", "a\r\nb", "\x1b[31m", "\\\r\"'\u202e\x85", "\\000D"])
def test_printed_values_and_names_come_back_unchanged(pg: Database, value: str) -> None:
    (row,) = pg.fetch(printable(f"select {quote_literal(value)}::text as {quote_identifier(value)}"))
    assert dict(row) == {value: value}


def test_a_printed_index_script_runs_on_a_table_with_control_characters_in_its_names(pg: Database) -> None:
    pg.execute('create table "a\tb" ("c\r\n\x1b" int)')
    candidate = CandidateIndex(table=RelationName("public", "a\tb"), keys=(IndexKey(column="c\r\n\x1b"),))
    name = index_name(candidate, set())
    check = check_valid(RelationName("public", name), RelationName("public", "a\tb")).sql
    steps = [create_index_sql(candidate, name), check]
    for step in steps:
        pg.execute(plain_sql(step))
    (row,) = pg.fetch("select indexdef from pg_indexes where schemaname = 'public'")
    pg.execute(plain_sql(drop_index_sql("public", name)))
    pg.execute(plain_sql(row["indexdef"]))

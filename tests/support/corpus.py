"""Real texts of pg_stat_statements: a broad workload is run on a server, rolled back, and what was recorded is read.

`bound.sql` holds statements as drivers send them, with $n of their own; the comment before each has the values.
`held_out.sql` was written last, and nothing was tuned on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import asyncpg
import msgspec

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.kind import query_of
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.plannable import is_plannable
from pgtune_cli.sql.quote import quote_literal
from pgtune_cli.sql.split import split_script

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "sql" / "corpus"
TUNED = ("operators", "selects", "writes", "modern", "bound")
HELD_OUT = ("held_out",)
VALUES = "-- values: "


class Given(msgspec.Struct, frozen=True):
    """One statement of a file, and the values for its own parameters."""

    text: str
    values: tuple[str | None, ...] = ()


class Recorded(msgspec.Struct, frozen=True):
    """What a server made of the workload."""

    texts: tuple[str, ...]
    refused: dict[str, str]
    """statements that this server does not run, and why."""


def given(name: str) -> Iterator[Given]:
    for one in split_script((FOLDER / f"{name}.sql").read_text(encoding="utf-8")):
        line = next((comment for comment in one.comments if comment.startswith(VALUES)), None)
        if line is None or name == "schema":
            yield Given(one.text)
        else:
            values = line.removeprefix(VALUES).split("|")
            yield Given(one.text, tuple(None if value == "null" else value for value in values))


async def load(dsn: str) -> None:
    """The schema and its rows, in an empty database."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        for one in given("schema"):
            await connection.execute(one.text)
    finally:
        await connection.close()


async def record(dsn: str, names: tuple[str, ...]) -> Recorded:
    """The plannable texts that pg_stat_statements of this server has of the files."""
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    this = "(select oid from pg_database where datname = current_database())"
    refused: dict[str, str] = {}
    try:
        await connection.execute("set statement_timeout = '10s'; set pg_stat_statements.track = 'top'")
        await connection.fetch(f"select pg_stat_statements_reset(0, {this}, 0)")
        for one in (one for name in names for one in given(name)):
            transaction = connection.transaction()
            await transaction.start()
            try:
                await _run(connection, one)
            except asyncpg.PostgresError as error:
                refused[one.text] = str(error)
            finally:
                await transaction.rollback()
                await connection.execute("deallocate all")
        rows = await connection.fetch(f"select query from pg_stat_statements where dbid = {this}")
    finally:
        await connection.close()
    texts = [query_of(row["query"]) for row in rows if "pg_stat_statements" not in row["query"]]
    return Recorded(tuple(sorted({text for text in texts if is_plannable(text)})), refused)


async def _run(connection: asyncpg.Connection, one: Given) -> None:
    """By the simple protocol, which leaves the rows unread; $n by PREPARE and EXECUTE."""
    if not one.values:
        await connection.execute(one.text)
        return
    await connection.execute(f"prepare given as {one.text}")
    await connection.execute(f"execute given({', '.join(map(quote_literal, one.values))})")


def statement(text: str) -> Statement:
    """As pg_stat_statements would count it."""
    return Statement(
        fingerprint=fingerprint(text), query=text, calls=100, rows=300, total_exec_time_ms=100.0, mean_exec_time_ms=1.0
    )


async def explained(dsn: str, texts: Iterable[str]) -> tuple[Snapshot, dict[str, StatementPlans]]:
    """What the product makes of each text, by text; nothing is executed."""
    connection = await connect(dsn)
    try:
        snapshot = await collect(connection, CollectOptions())
        wanted = {fingerprint(text): statement(text) for text in texts}
        found = await explain_statements(connection, snapshot, list(wanted.values()), ExplainOptions(execute=False))
    finally:
        await connection.close()
    return snapshot, {wanted[name].query: plans for name, plans in found.items()}


def share(found: Mapping[str, StatementPlans]) -> float:
    """Of the texts, those that the server prepared."""
    return sum(one.prepared is not None for one in found.values()) / max(len(found), 1)

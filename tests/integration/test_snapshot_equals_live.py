"""A snapshot file analysed says what the server analysed says, with what exactly may differ."""

import asyncio
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.blog import load_blog
from support.database import Database
from support.reports import differences, report_of, take_snapshot

from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.demo.shop import load_shop
from pgtune_cli.demo.workload import run_workload

pytestmark = pytest.mark.pg

TURNED_OFF, NO_ROWS = "execution is turned off", "a snapshot has no rows to execute it on"
ALLOWED = {
    r"\.statements\[\d+\]\.plans\[\d+\]\.source": ("server", "snapshot"),
    r"\.statements\[\d+\]\.not_executed": (TURNED_OFF, NO_ROWS),
    r"\.rewrites\[\d+\]\.reason": (f"not executed: {TURNED_OFF}", f"not executed: {NO_ROWS}"),
    r"\.workload\.window\.age_seconds": None,  # the server was read a moment later
}
"""where the two may differ, and how (None: in any way); everything else is the same:
findings, index advice, costs, plans, rewrites, fidelity, what was skipped."""


def about_age(report: dict[str, Any]) -> int | None:
    age = report["workload"]["window"]["age_seconds"]
    return None if age is None else math.floor(math.log2(age))


def load_small_shop(pg: Database) -> None:
    async def superuser() -> Connection:
        return await connect(pg.dsn, read_only=False)

    async def main() -> None:
        connection = await superuser()
        await load_shop(connection, 0.03)
        await connection.close()
        await run_workload(superuser, 0.03)  # or nothing takes enough time for an index to be worth it

    asyncio.run(main())


def load_blog_with_code(pg: Database) -> None:
    """An index calls a function of the database's own: the server plans no statement of that table."""
    load_blog(pg)
    pg.execute("CREATE FUNCTION start(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(left($1, 5))'")
    pg.execute("CREATE INDEX author_start ON author (name) WHERE name <> start('Zebra')")


@pytest.mark.majors(13)
def test_a_file_gives_what_an_older_server_gives(pg: Database, tmp_path: Path) -> None:
    report = both_say_the_same(pg, load_blog_with_code, tmp_path)
    # the clone does: nothing that a function could do there does harm
    of_author = next(one for one in report["statements"] if one["query"] == "SELECT count(*) FROM author")
    assert {plan["source"] for plan in of_author["plans"]} == {"clone"}
    assert "planning it may call start()" in of_author["not_executed"]


def test_a_file_gives_what_the_server_gives(pg: Database, tmp_path: Path) -> None:
    both_say_the_same(pg, load_small_shop, tmp_path)


def both_say_the_same(pg: Database, load: Callable[[Any], None], tmp_path: Path) -> dict[str, Any]:
    """The report of the file."""
    load(pg)
    # or the BEGIN and COMMIT of the first of the two count as time of the application in the second
    pg.execute(f"ALTER DATABASE {pg.database} SET pg_stat_statements.track_utility = off")
    reader = pg.create_role("equal_reader", "pg_monitor")
    schemas = [row["nspname"] for row in pg.fetch("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|info)'")]
    for schema in schemas:
        pg.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO equal_reader')
        pg.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO equal_reader')
    for _ in range(2):
        file = take_snapshot(reader, tmp_path / "x.pgtune")
        live, offline = report_of(reader, execute=False), report_of(file)
        # what an index must save is known to a power of two: just before one, the second try is far from the next
        if about_age(live) == about_age(offline):
            break
    assert live["indexes"]["chosen"]
    assert [one for one in offline["statements"] if one["fidelity"]]
    assert [one for one in offline["statements"] if one["plans"] and one["plans"][0]["source"] == "snapshot"]
    unexplained = {
        place: pair
        for place, pair in differences(live, offline).items()
        if not any(re.fullmatch(pattern, place) and allowed in (pair, None) for pattern, allowed in ALLOWED.items())
    }
    assert unexplained == {}
    return offline

"""Text that is sorted by libc and by ICU: the clone's plans of ranges, orders and patterns, and what deviates."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.servers import SETTINGS, binaries_of
from support.whatif_source import explain, request, snapshot_of

from pgtune_cli.collect.connection import connect
from pgtune_cli.model.plan import Plan, PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.fidelity import compare
from pgtune_cli.whatif.protocol import Cost

pytestmark = pytest.mark.pg

COLUMNS = {
    "plain": "",
    "libc": "COLLATE english",
    "icu": 'COLLATE "de-x-icu"',
    "folded": "COLLATE any_case",
    "bytes": 'COLLATE "C"',
}
VALUE = "chr(97 + i % 26) || chr(CASE i % 3 WHEN 0 THEN 65 ELSE 97 END + i * 7 % 26) || i % 997"
PREDICATES = ("= 'Ba5'", "< 'c'", "BETWEEN 'B' AND 'ca'", "> 'y'")
NAMES = {
    "plain": "collation of the database",
    "libc": "collation public.english",
    "icu": "collation pg_catalog.de-x-icu",
    "folded": "collation public.any_case",
}
MAJORS = (15, 17)
STOOD_IN = "replaced by {}: ranges of text may be estimated differently"


@pytest.fixture(scope="module")
def en_us() -> Iterator[Path]:
    """A folder with this one locale, that the account of the servers can read too."""
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/en_US").exists():
        give_up = pytest.fail if os.environ.get("PGTUNE_CI") == "1" else pytest.skip
        give_up("no localedef with the sources of en_US: .ci/setup installs them")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8", f"{folder}/en_US.UTF-8"], check=True)
        yield Path(folder)


def queries() -> list[str]:
    found = [f"SELECT * FROM words WHERE {column} {test}" for column in COLUMNS for test in PREDICATES]
    found += [f"SELECT * FROM words ORDER BY {column} LIMIT 20" for column in COLUMNS]
    found += [f"SELECT {column}, count(*) FROM words GROUP BY {column}" for column in COLUMNS]
    # nondeterministic collations take no LIKE before 18
    return found + [f"SELECT * FROM words WHERE {column} LIKE 'ba%'" for column in COLUMNS if column != "folded"]


async def create(dsn: str) -> None:
    connection = await connect(dsn, read_only=False)
    await connection.execute("CREATE DATABASE sorted TEMPLATE template0 ENCODING 'UTF8' LOCALE 'en_US.UTF-8'")
    await connection.close()


async def loaded(dsn: str) -> tuple[Snapshot, dict[str, Plan]]:
    """The source as read, and its plans."""
    connection = await connect(dsn, read_only=False)
    await connection.execute(
        "CREATE COLLATION any_case (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false)"
    )
    await connection.execute("CREATE COLLATION english (PROVIDER = libc, LOCALE = 'en_US.UTF-8')")
    columns = ", ".join(f"{name} text {collation}" for name, collation in COLUMNS.items())
    values = ", ".join([VALUE] * len(COLUMNS))
    await connection.execute(f"CREATE TABLE words ({columns})")
    await connection.execute(f"INSERT INTO words SELECT {values} FROM generate_series(1, 20000) AS i")
    for name in COLUMNS:
        await connection.execute(f"CREATE INDEX by_{name} ON words ({name})")
    await connection.execute("VACUUM ANALYZE words")
    plans = {sql: await explain(connection, sql) for sql in queries()}
    await connection.close()
    return await snapshot_of(dsn, tuple(queries())), plans


async def compared(snapshot: Snapshot, source: dict[str, Plan]) -> tuple[set[str], dict[str, str], dict[str, str]]:
    """The statements that have the source's plan and cost, the reasons of the others, and what the clone lacks."""
    alike, reasons = set(), {}
    async with open_clone(snapshot) as clone:
        causes = Causes(clone.snapshot, clone.lost)
        for sql, cost in zip(source, await clone.costs([request(sql) for sql in source]), strict=True):
            assert isinstance(cost, Cost), cost
            record = StatementPlan(
                source="server",
                parameters=PlanParameters(name="literal", origin="literal"),
                executed=False,
                total_cost=source[sql].total_cost,
                plan=source[sql],
            )
            found = compare(record, cost, causes, sql)
            if found.reason is None:
                alike.add(sql)
            else:
                reasons[sql] = found.reason
        return alike, reasons, {one.what: one.why for one in clone.lost}


@pytest.mark.parametrize("major", MAJORS)
def test_plans_over_sorted_text_are_the_sources_or_say_why(
    major: int, en_us: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCPATH", str(en_us))
    with embedded_server(binaries_of(major), SETTINGS) as server:
        asyncio.run(create(server.dsn("postgres")))
        snapshot, source = asyncio.run(loaded(server.dsn("sorted")))
    alike, reasons, lost = asyncio.run(compared(snapshot, source))
    assert lost == {
        "collation public.any_case": STOOD_IN.format("en_US.UTF-8"),
        "collation public.english": STOOD_IN.format("en_US.UTF-8"),
        "collation pg_catalog.de-x-icu": STOOD_IN.format("en_US.UTF-8"),
    }
    assert (len(alike), reasons) == (34, {})
    monkeypatch.delenv("LOCPATH")
    alike, reasons, lost = asyncio.run(compared(snapshot, source))
    assert lost == dict.fromkeys(
        (
            "collation of the database",
            "collation pg_catalog.de-x-icu",
            "collation public.any_case",
            "collation public.english",
        ),
        STOOD_IN.format("C.UTF-8"),
    )
    # bytes put capitals before all else: ranges that begin with one are wider
    assert len(alike) + len(reasons) == 34
    assert not [sql for sql in reasons if "BETWEEN" not in sql]
    for column, what in NAMES.items():
        sql = f"SELECT * FROM words WHERE {column} BETWEEN 'B' AND 'ca'"
        assert reasons.get(sql) == f"{what}: {lost[what]}"

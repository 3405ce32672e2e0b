"""Advice on a real database: each index is then really built, really used, and really saves blocks."""

import asyncio
import datetime
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.database import Database

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.derive import blocks_total, indexes_used
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.plan import Plan
from pgtune_cli.sql.statements import statements
from pgtune_cli.whatif.clone import open_clone
from pgtune_cli.whatif.fidelity import with_fidelity

pytestmark = pytest.mark.pg
FLEET = Path(__file__).resolve().parent.parent / "support" / "fleet.sql"
DAY = datetime.datetime(2024, 2, 1, tzinfo=datetime.UTC)

# name -> text as an application prepares it, and the values of its calls
SENT: dict[str, tuple[str, Sequence[tuple[Any, ...]]]] = {
    "latest of a device": (
        "select * from fleet.reading where device_id = $1 order by taken_at desc limit 20",
        [(n,) for n in range(1, 40)],
    ),
    "a kind on a day": (
        "select count(*) from fleet.reading where kind = $1 and taken_at >= $2 and taken_at < $3",
        [
            ("voltage", DAY + n * datetime.timedelta(days=1), DAY + (n + 1) * datetime.timedelta(days=1))
            for n in range(20)
        ],
    ),
    "by mail": (
        "select id, joined from fleet.owner where lower(mail) = $1",
        [(f"user{n}@example.org",) for n in range(1, 30)],
    ),
    "readings of a serial": (
        "select d.serial, r.value from fleet.device d join fleet.reading r on r.device_id = d.id where d.serial = $1",
        [("SN-" + hashlib.md5(str(n).encode()).hexdigest().upper(),) for n in range(1, 30)],
    ),
    "notes": ("select id from fleet.ticket where notes @> $1", [('{"part": "P17"}',)] * 10),
    "a driver's trips": ('select * from fleet."Trip log" where driver = $1', [(n,) for n in range(20)]),
    "look-up by key": ("select * from fleet.part where code = $1", [(f"P{n}",) for n in range(300)]),
    "by primary key": ("select * from fleet.device where id = $1", [(n,) for n in range(1, 300)]),
    "opened since": (
        "select id from fleet.ticket where opened_at >= $1 order by opened_at limit 10",
        [(DAY + n * datetime.timedelta(days=1),) for n in range(40)],
    ),
    "all sites": ("select * from fleet.site order by name", [()] * 50),
}
HEALTHY = ("look-up by key", "by primary key", "opened since", "all sites")


@pytest.fixture(scope="module")
def fleet(pg_module: Database) -> Database:
    pg_module.execute("create extension pg_stat_statements")
    pg_module.execute(FLEET.read_text(encoding="utf-8"))
    pg_module.execute("reset search_path")
    pg_module.execute("checkpoint")  # with synchronous_commit off VACUUM does not know yet that the rows are committed
    pg_module.execute("vacuum (analyze)")
    return pg_module


async def run(pg: Database, names: Sequence[str]) -> None:
    """A fresh workload of these statements."""
    pg.execute("select pg_stat_statements_reset()")
    session = await pg.connect()
    try:
        for name in names:
            sql, calls = SENT[name]
            prepared = await session.prepare(sql)
            for values in calls:
                await prepared.fetch(*values)
    finally:
        await session.close()


async def advised(pg: Database, budget: int | None = None) -> tuple[IndexAdvice, Analysis]:
    connection = await connect(pg.dsn)
    try:
        snapshot = await collect(connection)
        found = tuple(each for each in statements(snapshot) if "fleet." in each.query and "pg_stat" not in each.query)
        plans = await explain_statements(connection, snapshot, found, ExplainOptions(execute=False))
        analysis = Analysis(snapshot=snapshot, statements=found, plans=plans)
        async with open_clone(snapshot) as clone:
            analysis = await with_fidelity(analysis, clone)
            return await advise(analysis, clone, AdviseOptions(budget_bytes=budget)), analysis
    finally:
        await connection.close()


async def executed(pg: Database, name: str) -> Plan:
    """The plan of one call, executed on a warm cache."""
    session: asyncpg.Connection = await pg.connect()
    sql, calls = SENT[name]
    try:
        await session.execute("set plan_cache_mode = force_custom_plan")
        await session.execute("set max_parallel_workers_per_gather = 0")
        document = await session.fetchval(f"explain (analyze, buffers, format json) {sql}", *calls[0])
    finally:
        await session.close()
    return parse_plan(document)


def named(analysis: Analysis, fingerprint: str) -> str:
    """Which of SENT a fingerprint is."""
    query = next(each.query for each in analysis.statements if each.fingerprint == fingerprint)
    return next(name for name, (sql, _) in SENT.items() if sql.split(" where ")[0].split(" limit")[0] in query)


def build(pg: Database, advice: IndexAdvice) -> None:
    for chosen in advice.chosen:
        for step in chosen.steps:
            assert "invalid" not in step or pg.fetch(step) == []
            pg.execute(step)


def blocks(plan: Plan) -> int:
    found = blocks_total(plan)
    assert found is not None
    return found


def test_a_healthy_workload_gets_no_advice(fleet: Database) -> None:
    asyncio.run(run(fleet, HEALTHY))
    advice, _ = asyncio.run(advised(fleet))
    assert (advice.chosen, advice.possible) == ((), ())


def test_a_budget_is_kept(fleet: Database) -> None:
    asyncio.run(run(fleet, list(SENT)))
    advice, _ = asyncio.run(advised(fleet, budget=2 << 20))
    assert 0 < advice.storage_bytes <= 2 << 20
    assert len(advice.chosen) >= 2


def test_every_index_is_built_used_and_saves_blocks_and_then_nothing_is_left_to_advise(fleet: Database) -> None:
    asyncio.run(run(fleet, list(SENT)))
    advice, analysis = asyncio.run(advised(fleet))

    assert {(chosen.relation, chosen.columns) for chosen in advice.chosen} == {
        ("fleet.reading", ("device_id", "taken_at")),
        ("fleet.reading", ("kind", "taken_at")),
        ("fleet.owner", ("lower(mail)",)),
        ("fleet.device", ("serial",)),
        ("fleet.ticket", ("notes",)),
        ("fleet.Trip log", ("driver",)),
    }
    served = {named(analysis, each.fingerprint) for chosen in advice.chosen for each in chosen.statements}
    assert served == SENT.keys() - set(HEALTHY)
    assert {chosen.confidence for chosen in advice.chosen} <= {"high", "medium"}
    assert sorted(dropped.sql.rpartition(".")[2] for dropped in advice.dropped) == [
        "ticket_assignee_idx",
        "ticket_device_again",
    ]

    before = {name: asyncio.run(executed(fleet, name)) for name in SENT}
    build(fleet, advice)
    fleet.execute("analyze")
    after = {name: asyncio.run(executed(fleet, name)) for name in SENT}
    for chosen in advice.chosen:
        for each in chosen.statements:
            name = named(analysis, each.fingerprint)
            used = {index.name for index in indexes_used(after[name])}
            # a partition's index has a name of its own
            assert any(one == chosen.name or one.endswith("_driver_idx") for one in used), (name, used)
            assert blocks(after[name]) < blocks(before[name]) / 2, name
    for name in HEALTHY:
        assert blocks(after[name]) == blocks(before[name])

    asyncio.run(run(fleet, list(SENT)))
    again, _ = asyncio.run(advised(fleet))
    assert again.chosen == ()

    for dropped in advice.dropped:
        fleet.execute(dropped.sql)
        fleet.execute(dropped.rollback_sql)
    for chosen in advice.chosen:
        fleet.execute(chosen.rollback_sql)

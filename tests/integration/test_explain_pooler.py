"""Through PgBouncer in transaction mode: all of it works, and no session keeps anything of pgtune's."""

import asyncio
import json
import threading
from collections import Counter
from typing import Any

import asyncpg
import pytest
from support.blog import load_blog
from support.command import pgtune
from support.pooler import pgbouncer

from pgtune_cli.collect.connection import connect, is_pooled

pytestmark = pytest.mark.pg

# PgBouncer itself sets the application_name of whoever it serves
SETTINGS = """select name, setting from pg_settings where source = 'session' and name <> 'application_name'
    or name in ('search_path', 'statement_timeout', 'lock_timeout', 'default_transaction_read_only', 'track_counts',
                'plan_cache_mode', 'DateStyle', 'idle_in_transaction_session_timeout') order by name"""


class Application(threading.Thread):
    """Two clients of the same pool that ask again and again, in many small transactions, what state they are in."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.seen: dict[str, Counter[str]] = {"settings": Counter(), "prepared": Counter(), "locks": Counter()}
        self.done = threading.Event()
        self.started = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as exc:
            self.failure = exc
        self.started.set()

    async def _run(self) -> None:
        await asyncio.gather(self._client(), self._client())

    async def _client(self) -> None:
        client = await asyncpg.connect(self.dsn, statement_cache_size=0)
        while not self.done.is_set():
            async with client.transaction():
                settings = [tuple(row) for row in await client.fetch(SETTINGS)]
                self.seen["settings"][str(settings)] += 1
                prepared = [row[0] for row in await client.fetch("select name from pg_prepared_statements")]
                self.seen["prepared"][str([name for name in prepared if name])] += 1
                locks = "select count(*) from pg_locks where locktype = 'advisory'"
                self.seen["locks"][str(await client.fetchval(locks))] += 1
            self.started.set()
            await asyncio.sleep(0.02)
        await client.close()


def test_an_analysis_leaves_nothing_in_the_sessions_it_shares(pg: Any, pgbouncer_found: None) -> None:
    load_blog(pg)
    with pgbouncer(pg, 2) as dsn:
        application = Application(dsn)
        application.start()
        try:
            assert application.started.wait(20)
            before = sum(application.seen["settings"].values())
            done = pgtune("analyze", dsn, "--format", "json")
        finally:
            application.done.set()
            application.join()
        assert application.failure is None
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["summary"]["executed"] >= 5
        assert not any("connection" in one["what"] + one["why"] for one in report["skipped"])
        assert {one["not_explained"] for one in report["statements"]} == {None}
        assert any(rewrite["status"] == "proven" for rewrite in report["rewrites"])
        assert sum(application.seen["settings"].values()) > before + 20
        assert {name: len(states) for name, states in application.seen.items()} == dict.fromkeys(application.seen, 1)
        assert list(application.seen["prepared"]) == ["[]"]
        assert list(application.seen["locks"]) == ["0"]
        assert pgtune("doctor", dsn).returncode == 0


@pytest.mark.majors(15)
def test_many_connect_through_a_pool_at_once_and_know_it(pg: Any, pgbouncer_found: None) -> None:
    """What is prepared at one server must not be executed at another: each question is a transaction."""

    async def one(dsn: str) -> bool:
        connection = await connect(dsn)
        try:
            return all([await is_pooled(connection) for _ in range(15)])
        finally:
            connection.terminate()

    async def other(dsn: str) -> None:
        """Prepares under the same name, as drivers do."""
        client = await asyncpg.connect(dsn, statement_cache_size=0)
        try:
            while True:
                async with client.transaction():
                    assert await client.fetchval("select $1::int", 5) == 5
        finally:
            client.terminate()

    async def main(dsn: str) -> list[bool]:
        others = [asyncio.create_task(other(dsn)) for _ in range(3)]
        answers = await asyncio.gather(*(one(dsn) for _ in range(5)))
        assert not any(task.done() for task in others)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        return list(answers)

    load_blog(pg)
    pg.execute("create extension hypopg")
    with pgbouncer(pg, 2) as dsn:
        assert asyncio.run(main(dsn)) == [True] * 5
        refused = pgtune("indexes", dsn, "--engine", "hypopg")
        assert (refused.returncode, refused.stdout) == (4, "")
        assert "a pooler shares sessions" in refused.stderr

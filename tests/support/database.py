"""A fresh database for one test, with helpers that work inside and outside of a running event loop."""

import asyncio
import itertools
import os
import threading
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
from support.servers import RunningServer

NUMBERS = itertools.count(1)


class Loop:
    """An event loop in a thread of its own, so that a test may call `pg.execute` from its own coroutine as well."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


LOOP = Loop()


class Database:
    """A database of one's own on a real server. `execute` and `fetch` act as the superuser, on one session."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.server = server
        self.database = name
        self.dsn = server.dsn_for(name)
        self.socket_dir = server.socket_dir
        self.port = server.port
        self.version_num = server.version_num
        self._connection: asyncpg.Connection | None = None
        self._roles: list[str] = []

    def execute(self, sql: str, *args: Any) -> str:
        return LOOP.run(self._execute(sql, *args))

    def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        return LOOP.run(self._fetch(sql, *args))

    async def connect(self) -> asyncpg.Connection:
        """A new session as the superuser, in the caller's event loop. The caller closes it."""
        return await asyncpg.connect(self.dsn, statement_cache_size=0)

    def create_role(self, name: str, *grants: str, password: str | None = None) -> str:
        """A login role with "GRANT <each of grants> TO" it, such as "pg_monitor" or "select on t". Returns its DSN."""
        role = '"' + name.replace('"', '""') + '"'
        self.execute(f"drop role if exists {role}")
        secret = f" password '{password}'" if password else ""
        self.execute(f"create role {role} login{secret}")
        self._roles.append(role)
        for grant in grants:
            self.execute(f"grant {grant} to {role}")
        return self.dsn_as(name, password)

    def forget_role(self, name: str) -> None:
        """That the test dropped it itself."""
        self._roles.remove('"' + name.replace('"', '""') + '"')

    def dsn_as(self, user: str, password: str | None = None) -> str:
        """The DSN of this database for another role."""
        parts = urlsplit(self.dsn)
        secret = f":{quote(password, safe='')}" if password else ""
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{quote(user, safe='')}{secret}@{place}").geturl()

    async def _session(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.dsn, statement_cache_size=0)
        return self._connection

    async def _execute(self, sql: str, *args: Any) -> str:
        return await (await self._session()).execute(sql, *args)

    async def _fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        return await (await self._session()).fetch(sql, *args)

    def create(self) -> None:
        LOOP.run(_as_admin(self.server, f"create database {self.database} template template0"))

    def drop(self) -> None:
        """Drop the database, whoever is still connected, and the roles that were made for it."""
        LOOP.run(self._close())
        commands = [f"drop database if exists {self.database} with (force)"]
        for role in self._roles:
            commands += [f"drop owned by {role}", f"drop role {role}"]
        LOOP.run(_as_admin(self.server, *commands))

    async def _close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()


def fresh_database(server: RunningServer) -> Iterator[Database]:
    database = Database(server, f"test_{os.getpid()}_{next(NUMBERS)}")
    database.create()
    try:
        yield database
    finally:
        database.drop()


async def _as_admin(server: RunningServer, *commands: str) -> None:
    connection = await asyncpg.connect(server.dsn_for("postgres"))
    try:
        for command in commands:
            await connection.execute(command)
    finally:
        await connection.close()

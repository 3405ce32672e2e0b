"""Connecting to real servers: what a session is set to, and how each refusal is told."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from support.database import Database

from pgtune_cli import __version__
from pgtune_cli.collect.connection import ConnectOptions, PostgresError, connect, is_pooled, transaction
from pgtune_cli.collect.target import resolve_target
from pgtune_cli.errors import ConnectionFailed
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server

pytestmark = pytest.mark.pg

ENV = {"HOME": "/nonexistent", "PGUSER": "postgres"}
SHOWN = (
    "application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
    "default_transaction_read_only", "extra_float_digits", "DateStyle", "IntervalStyle",
)  # fmt: skip


async def settings_of(connection: Any, names: tuple[str, ...] = SHOWN) -> dict[str, str]:
    return {name: await connection.fetchval(f"SHOW {name}") for name in names}


def shown(options: ConnectOptions | str, *names: str, **others: Any) -> dict[str, str]:
    async def main() -> dict[str, str]:
        connection = await connect(options, **others)
        try:
            return await settings_of(connection, names or SHOWN)
        finally:
            await connection.close()

    return asyncio.run(main())


def refusal(dsn: str, **env: str) -> ConnectionFailed:
    async def main() -> None:
        connection = await connect(resolve_target(dsn, env={**ENV, **env}).connect_options)
        await connection.close()

    with pytest.raises(ConnectionFailed) as caught:
        asyncio.run(main())
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.majors("all")
def test_a_session_is_read_only_bounded_and_exact(pg: Database) -> None:
    assert shown(pg.dsn) == {
        "application_name": f"pgtune/{__version__}",
        "statement_timeout": "1min",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "2min",
        "default_transaction_read_only": "on",
        "extra_float_digits": "1",
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "postgres",
    }


def test_the_demo_may_write(pg: Database) -> None:
    assert shown(pg.dsn, "default_transaction_read_only", "statement_timeout", read_only=False) == {
        "default_transaction_read_only": "off",
        "statement_timeout": "0",
    }


def test_pgoptions_are_set_and_cannot_lift_the_guards(pg: Database) -> None:
    options = resolve_target(
        pg.dsn, env={**ENV, "PGOPTIONS": "-c work_mem=5MB -c default_transaction_read_only=off", "PGAPPNAME": "nightly"}
    ).connect_options
    assert shown(options, "work_mem", "default_transaction_read_only", "application_name") == {
        "work_mem": "5MB",
        "default_transaction_read_only": "on",
        "application_name": f"pgtune/{__version__} (nightly)",
    }


def test_a_setting_that_does_not_exist_is_named(pg: Database) -> None:
    assert str(refusal(pg.dsn, PGOPTIONS="-c nonsense=1")) == (
        'a setting of the connection was refused: unrecognized configuration parameter "nonsense"'
    )


def test_a_write_is_refused_by_the_server(pg: Database) -> None:
    async def main() -> None:
        connection = await connect(pg.dsn)
        try:
            await connection.execute("CREATE TABLE t (a int)")
        finally:
            await connection.close()

    with pytest.raises(PostgresError, match="cannot execute CREATE TABLE in a read-only transaction"):
        asyncio.run(main())


def test_a_transaction_carries_its_settings_for_itself_alone(pg: Database) -> None:
    names = ("search_path", "transaction_read_only", "transaction_isolation", "statement_timeout")

    async def main() -> tuple[dict[str, str], dict[str, str]]:
        connection = await pg.connect()
        try:
            async with transaction(connection, {"search_path": ""}):
                inside = await settings_of(connection, names)
            return inside, await settings_of(connection, names)
        finally:
            await connection.close()

    assert asyncio.run(main()) == (
        {
            "search_path": "",
            "transaction_read_only": "on",
            "transaction_isolation": "repeatable read",
            "statement_timeout": "1min",
        },
        {
            "search_path": '"$user", public',
            "transaction_read_only": "off",
            "transaction_isolation": "read committed",
            "statement_timeout": "0",
        },
    )


def test_a_direct_connection_is_known_as_one(pg: Database) -> None:
    async def main() -> bool:
        connection = await connect(pg.dsn)
        try:
            return await is_pooled(connection)
        finally:
            await connection.close()

    assert asyncio.run(main()) is False


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://postgres@{socket}:{port}/{database}",
        "postgres+psycopg2://postgres@/{database}?host={socket}&port={port}",
        "host='{folder}' port={port} dbname = {database} user=postgres",
        "postgresql://postgres@nowhere.invalid,{socket}:{port}/{database}?connect_timeout=2",
    ],
)
def test_every_form_of_a_connection_string_reaches_the_server(pg: Database, form: str) -> None:
    if pg.socket_dir is None:
        pytest.skip("this server is on TCP alone")
    text = form.format(
        socket=quote(str(pg.socket_dir), safe=""), folder=pg.socket_dir, port=pg.port, database=pg.database
    )
    if "nowhere" in text:
        text = text.replace("nowhere.invalid", f"nowhere.invalid:{pg.port}")
    options = resolve_target(text, env=ENV).connect_options
    assert shown(options, "application_name") == {"application_name": f"pgtune/{__version__}"}


def test_libpqs_environment_alone_reaches_the_server(pg: Database, tmp_path: Path) -> None:
    if pg.socket_dir is None:
        pytest.skip("this server is on TCP alone")
    file = tmp_path / "services"
    file.write_text(f"[here]\nhost={pg.socket_dir}\nport={pg.port}\ndbname={pg.database}\n")
    options = resolve_target(None, env={**ENV, "PGSERVICE": "here", "PGSERVICEFILE": str(file)}).connect_options
    assert shown(options, "port") == {"port": str(pg.port)}


@pytest.fixture(scope="module")
def guarded() -> Iterator[EmbeddedServer]:
    """A server on TCP that wants passwords, offers no TLS, and takes few connections."""
    with embedded_server(
        settings={"max_connections": "6", "superuser_reserved_connections": "2"}, listen=True
    ) as server:
        yield server


def tcp(server: EmbeddedServer, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
    secret = f":{quote(password, safe='')}" if password else ""
    return f"postgresql://{user}{secret}@127.0.0.1:{server.port}/{database}"


def password_of(server: EmbeddedServer) -> str:
    return urlsplit(server.tcp_dsn()).password or ""


def test_the_right_password_is_taken_from_the_password_file(guarded: EmbeddedServer, tmp_path: Path) -> None:
    file = tmp_path / ".pgpass"
    file.write_text(f"127.0.0.1:{guarded.port}:*:postgres:{password_of(guarded)}\n")
    file.chmod(0o600)
    options = resolve_target(tcp(guarded), env={"HOME": str(tmp_path)}).connect_options
    assert shown(options, "application_name") == {"application_name": f"pgtune/{__version__}"}


def test_a_refused_password_is_told_without_it(guarded: EmbeddedServer) -> None:
    error = refusal(tcp(guarded, password="wrong-geheim"))
    assert str(error) == f"127.0.0.1:{guarded.port} refused the password of user postgres"
    assert error.hint == "check the password in the connection string, PGPASSWORD or ~/.pgpass"
    trail = [error, error.__cause__, error.__context__ if not error.__suppress_context__ else None]
    assert "wrong-geheim" not in " ".join(repr(each) for each in trail)


def test_a_missing_password_is_told_with_where_to_put_it(guarded: EmbeddedServer) -> None:
    assert refusal(tcp(guarded)).hint == (
        "no password was given: put it into ~/.pgpass or PGPASSWORD, or let -W ask for it"
    )


def test_an_unknown_database_is_named(guarded: EmbeddedServer) -> None:
    error = refusal(tcp(guarded, password=password_of(guarded), database="nope"))
    assert str(error) == f"there is no database nope on 127.0.0.1:{guarded.port}"


def test_a_server_without_tls_is_told_when_tls_is_demanded(guarded: EmbeddedServer) -> None:
    error = refusal(tcp(guarded, password=password_of(guarded)) + "?sslmode=require")
    assert str(error) == f"127.0.0.1:{guarded.port} does not offer TLS, and sslmode demands it"


def test_a_full_server_is_told(guarded: EmbeddedServer) -> None:
    async def main() -> None:
        admin = await connect(guarded.dsn(), read_only=False)
        await admin.execute("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'geheim'")
        options = resolve_target(tcp(guarded, "plain", "geheim"), env=ENV).connect_options
        held = [admin]
        try:
            for _ in range(10):
                held.append(await connect(options))
        finally:
            for connection in held:
                await connection.close()

    with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{guarded.port} has no connection left: .*"):
        asyncio.run(main())


def test_a_role_that_may_not_connect_is_told(guarded: EmbeddedServer) -> None:
    async def main() -> None:
        admin = await connect(guarded.dsn(), read_only=False)
        await admin.execute("DROP ROLE IF EXISTS shut; CREATE ROLE shut LOGIN PASSWORD 'geheim'")
        await admin.execute("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
        await admin.close()

    asyncio.run(main())
    error = refusal(tcp(guarded, "shut", "geheim", "template1"))
    assert str(error).startswith("user shut may not connect to database template1: ")


def test_a_port_without_a_server_is_told() -> None:
    assert str(refusal("postgresql://a@127.0.0.1:1/x")) == "nothing listens on 127.0.0.1:1"


def test_a_socket_folder_without_a_server_is_told(tmp_path: Path) -> None:
    assert str(refusal(f"host={tmp_path} dbname=x")) == f"no server on the socket of {tmp_path}:5432"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket in the place of a server's; connecting works, and nobody answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(tmp_path / ".s.PGSQL.5432"))
        listener.listen()
        yield listener


def test_a_server_that_does_not_answer_ends_in_time(listening: socket.socket, tmp_path: Path) -> None:
    assert str(refusal(f"host={tmp_path} dbname=x connect_timeout=2")) == f"no answer from {tmp_path}:5432 within 2 s"


def test_something_that_is_no_postgresql_is_told(listening: socket.socket, tmp_path: Path) -> None:
    def answer() -> None:
        client, _ = listening.accept()
        with client:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    error = refusal(f"host={tmp_path} dbname=x connect_timeout=3")
    thread.join()
    assert str(error).startswith(("no connection to", "no answer from", "the server refused"))

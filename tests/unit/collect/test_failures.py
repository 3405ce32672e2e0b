"""Why a connection failed, in one line."""

import socket
import ssl

import pytest

from pgtune_cli.collect.connect_options import options_of_dsn
from pgtune_cli.collect.failures import failure

OPTIONS = options_of_dsn("postgresql://ann:geheim@db:5433/shop", {"HOME": "/nonexistent"})


class Refused(Exception):
    """An error of the server, as the driver raises it."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Refused("28P01", "password authentication failed"), "db:5433 refused the password of user ann"),
        (Refused("28000", "no pg_hba.conf entry"), "db:5433 does not admit user ann: no pg_hba.conf entry"),
        (Refused("3D000", 'database "shop" does not exist'), "there is no database shop on db:5433"),
        (Refused("53300", "too many clients"), "db:5433 has no connection left: too many clients"),
        (Refused("57P03", "starting up"), "db:5433 takes no connections now: starting up"),
        (Refused("42501", "permission denied"), "user ann may not connect to database shop: permission denied"),
        (Refused("08P01", "no such database: shop"), "db:5433 refused the connection: no such database: shop"),
        (Refused("42704", 'no parameter "x"'), 'a setting of the connection was refused: no parameter "x"'),
        (Refused("XX000", "multi\nline"), "the server refused the connection: multi line"),
        (TimeoutError(), "no answer from db:5433 within 10 s"),
        (ConnectionRefusedError(111, "Connect call failed"), "nothing listens on db:5433"),
        (socket.gaierror(-2, "Name not known"), "host name of db:5433 is not known: Name not known"),
        (FileNotFoundError(2, "No such file or directory"), "no server on the socket of db:5433"),
        # under sslmode=prefer the driver takes a no for an answer: this was neither yes nor no
        (ConnectionError("server rejected SSL upgrade"), "db:5433 does not answer as PostgreSQL does"),
        (ssl.SSLError("handshake failure"), "TLS with db:5433 failed: ('handshake failure',)"),
        (RuntimeError(), "no connection to db:5433: RuntimeError"),
    ],
)
def test_each_failure_names_what_failed(error: Exception, message: str) -> None:
    assert str(failure(error, OPTIONS)) == message


def test_a_server_without_tls_is_told_where_it_was_demanded() -> None:
    options = options_of_dsn("postgresql://ann@db:5433/shop?sslmode=require", {"HOME": "/nonexistent"})
    error = failure(ConnectionError("server rejected SSL upgrade"), options)
    assert str(error) == "db:5433 does not offer TLS, and sslmode demands it"


def test_a_hint_of_the_driver_is_the_hint() -> None:
    error = failure(RuntimeError("root certificate file x does not exist HINT: Provide it."), OPTIONS)
    assert (str(error), error.hint) == (
        "no connection to db:5433: root certificate file x does not exist",
        "Provide it.",
    )


def test_a_server_that_echoes_the_password_does_not_get_it_shown() -> None:
    assert "geheim" not in str(failure(Refused("XX000", "bad packet: geheim"), OPTIONS))


def test_a_server_cannot_move_the_cursor() -> None:
    assert "\x1b" not in str(failure(Refused("XX000", "\x1b[2Jgone"), OPTIONS))


def test_without_a_password_the_hint_says_where_to_put_one() -> None:
    options = options_of_dsn("postgresql://ann@db/shop", {"HOME": "/nonexistent"})
    assert failure(Refused("28P01", "x"), options).hint == (
        "no password was given: put it into ~/.pgpass or PGPASSWORD, or let -W ask for it"
    )


def test_a_missing_certificate_file_is_named() -> None:
    options = options_of_dsn("host=db user=a sslmode=verify-ca sslrootcert=/no/ca.pem", {"HOME": "/nonexistent"})
    assert (
        str(failure(FileNotFoundError(2, "No such file"), options))
        == "sslrootcert /no/ca.pem is not a file that can be read"
    )

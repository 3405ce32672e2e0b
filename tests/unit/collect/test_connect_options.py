"""From libpq's parameters and environment to where and how to connect."""

from pathlib import Path
from typing import Any

import pytest

from pgtune_cli.collect.connect_options import ENVIRONMENT, ConnectOptions, options_from, options_of_dsn
from pgtune_cli.errors import UsageError

BASE = {"PGHOST": "db", "PGUSER": "ann", "PGDATABASE": "shop", "HOME": "/nonexistent"}


def options(dsn: str = "", **env: str) -> ConnectOptions:
    return options_of_dsn(dsn, {**BASE, **env})


def test_without_anything_libpqs_defaults_hold() -> None:
    found = options_from({}, {"HOME": "/nonexistent", "PGUSER": "ann"})
    assert (found.hosts[-1], found.ports[-1], found.database, found.user, found.password) == (
        "localhost", 5432, "ann", "ann", None,
    )  # fmt: skip
    assert all(host.startswith("/") for host in found.hosts[:-1])


EFFECTS: dict[str, tuple[str, str, Any]] = {
    "PGHOST": ("a,b", "hosts", ("a", "b")),
    "PGHOSTADDR": ("10.0.0.1", "hosts", ("10.0.0.1",)),
    "PGPORT": ("5433", "ports", (5433,)),
    "PGDATABASE": ("other", "database", "other"),
    "PGUSER": ("bob", "user", "bob"),
    "PGPASSWORD": ("geheim", "password", "geheim"),
    "PGOPTIONS": ("-c work_mem=64MB", "settings", (("work_mem", "64MB"),)),
    "PGAPPNAME": ("nightly", "label", "nightly"),
    "PGCONNECT_TIMEOUT": ("7", "timeout_s", 7.0),
    "PGTARGETSESSIONATTRS": ("standby", "target_session_attrs", "standby"),
    "PGSSLMODE": ("verify-full", "tls", (("sslmode", "verify-full"),)),
    "PGSSLNEGOTIATION": ("direct", "tls", (("sslnegotiation", "direct"),)),
    "PGSSLROOTCERT": ("/ca.pem", "tls", (("sslrootcert", "/ca.pem"),)),
    "PGSSLCERT": ("/c.pem", "tls", (("sslcert", "/c.pem"),)),
    "PGSSLKEY": ("/k.pem", "tls", (("sslkey", "/k.pem"),)),
    "PGSSLCRL": ("/r.pem", "tls", (("sslcrl", "/r.pem"),)),
    "PGSSLMINPROTOCOLVERSION": ("TLSv1.3", "tls", (("ssl_min_protocol_version", "TLSv1.3"),)),
    "PGSSLMAXPROTOCOLVERSION": ("TLSv1.3", "tls", (("ssl_max_protocol_version", "TLSv1.3"),)),
    "PGKRBSRVNAME": ("pg", "kerberos", (("krbsrvname", "pg"),)),
    "PGGSSLIB": ("gssapi", "kerberos", (("gsslib", "gssapi"),)),
    "PGTZ": ("Europe/Berlin", "settings", (("TimeZone", "Europe/Berlin"),)),
    "PGGEQO": ("off", "settings", (("geqo", "off"),)),
}


@pytest.mark.parametrize("variable", EFFECTS)
def test_an_environment_variable_has_its_effect(variable: str) -> None:
    value, field, expected = EFFECTS[variable]
    assert getattr(options(**{variable: value}), field) == expected


def test_every_supported_variable_is_tested_here() -> None:
    by_file = {"PGPASSFILE", "PGSERVICE", "PGSERVICEFILE"}
    assert set(ENVIRONMENT) == (set(EFFECTS) | by_file) - {"PGTZ", "PGGEQO"}


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert options(PGPORT="", PGPASSWORD="", PGSERVICE="").ports == (5432,)


def test_the_connection_string_wins_over_the_environment() -> None:
    found = options("postgresql://bob:pw@other:6000/x", PGPASSWORD="env", PGPORT="1", PGHOSTADDR="")
    assert (found.hosts, found.ports, found.user, found.password, found.database) == (
        ("other",), (6000,), "bob", "pw", "x",
    )  # fmt: skip


def test_pgpassfile_names_the_password_file(tmp_path: Path) -> None:
    file = tmp_path / "pass"
    file.write_text("db:5432:shop:ann:geheim\n")
    file.chmod(0o600)
    assert options(PGPASSFILE=str(file)).password == "geheim"


def test_a_password_file_that_others_can_read_is_not_used_and_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / ".pgpass"
    file.write_text("*:*:*:*:geheim\n")
    file.chmod(0o644)
    found = options(HOME=str(tmp_path))
    assert found.password is None
    assert found.password_note == f"password file {file} is readable by others and was ignored: chmod 0600 {file}"


def test_a_service_lies_between_the_connection_string_and_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text(
        "[other]\nhost=no\n\n# ours\n[shop]\nhost=svc\nport=6000\ndbname=fromservice\nuser = carl\n[z]\nhost=z\n"
    )
    found = options("user=dora", PGSERVICE="shop", PGSERVICEFILE=str(file))
    assert (found.hosts, found.ports, found.database, found.user) == (("svc",), (6000,), "fromservice", "dora")


def test_the_service_file_of_the_home_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / ".pg_service.conf").write_text("[shop]\nhost=svc\n")
    assert options("service=shop", HOME=str(tmp_path)).hosts == ("svc",)


def test_an_unknown_service_is_refused_with_the_files_that_were_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text("[shop]\nhost=svc\n")
    with pytest.raises(UsageError) as caught:
        options("service=nope", PGSERVICEFILE=str(file))
    assert (str(caught.value), caught.value.hint) == ("connection service 'nope' is not defined", f"looked in {file}")


def test_a_broken_line_of_a_service_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text("[shop]\nhost=svc\nnonsense\n")
    with pytest.raises(UsageError, match=r"services, line 3: it wants key=value"):
        options("service=shop", PGSERVICEFILE=str(file))


def test_hostaddr_is_connected_to_and_the_password_is_that_of_the_name(tmp_path: Path) -> None:
    file = tmp_path / "pass"
    file.write_text("db:*:*:*:geheim\n")
    file.chmod(0o600)
    found = options(PGPASSFILE=str(file), PGHOSTADDR="10.0.0.1")
    assert (found.hosts, found.password) == (("10.0.0.1",), "geheim")


def test_one_port_serves_all_hosts() -> None:
    assert options("host=a,b port=6000").ports == (6000, 6000)


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host=a,b port=1,2,3", "3 ports for 2 hosts"),
        ("port=http", "the port is not a number from 1 to 65535"),
        ("port=99999", "the port is not a number from 1 to 65535"),
        ("hostaddr=1.1.1.1,2.2.2.2", "2 hostaddr for 1 hosts"),
        ("hostaddr=1.1.1.1 sslmode=verify-full", "sslmode=verify-full does not work together with hostaddr"),
        ("sslmode=on", "sslmode is not one of disable, allow, prefer, require, verify-ca, verify-full"),
        (
            "target_session_attrs=master",
            "target_session_attrs is not one of any, read-write, read-only, primary, standby, prefer-standby",
        ),
        ("connect_timeout=soon", "connect_timeout is not a whole number of seconds"),
    ],
)
def test_a_value_that_cannot_be_is_refused(dsn: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        options(dsn)
    assert str(caught.value) == message


@pytest.mark.parametrize(("given", "seconds"), [("", 10.0), ("0", None), ("-1", None), ("1", 2.0), ("30", 30.0)])
def test_connect_timeout_is_read_as_libpq_reads_it(given: str, seconds: float | None) -> None:
    assert options(PGCONNECT_TIMEOUT=given).timeout_s == seconds


@pytest.mark.parametrize(
    ("text", "settings", "rest"),
    [
        (
            "-c work_mem=64MB -cgeqo=off --enable-seqscan=off",
            (("work_mem", "64MB"), ("geqo", "off"), ("enable_seqscan", "off")),
            None,
        ),
        (r"-c search_path=a,\ b", (("search_path", "a, b"),), None),
        ("endpoint=ep-cool-1", (), "endpoint=ep-cool-1"),
        ("-e -c app.tenant=7", (("app.tenant", "7"),), "-e"),
        ("-c", (), "-c"),
    ],
)
def test_options_become_settings_and_the_rest_goes_to_the_server(
    text: str, settings: tuple[tuple[str, str], ...], rest: str | None
) -> None:
    found = options(PGOPTIONS=text)
    assert (found.settings, found.startup_options) == (settings, rest)


def test_neither_repr_nor_description_shows_the_password() -> None:
    found = options("postgresql://ann:geheim@db/shop")
    assert found.password == "geheim"
    for shown in (repr(found), str(found), f"{found}", found.describe(), str(found.__rich_repr__())):
        assert "geheim" not in shown


def test_a_description_cannot_move_the_cursor() -> None:
    assert options("dbname='a\x1b[2Jb'").describe() == "host db:5432, database a\\x1b[2Jb, user ann"


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    assert options("postgresql://[::1]:5433/x").describe() == "host [::1]:5433, database x, user ann"

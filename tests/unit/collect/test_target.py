"""Which server, or which file, a command works on."""

from pathlib import Path

import pytest

from pgtune_cli.collect.target import Target, resolve_target
from pgtune_cli.errors import UsageError

ENV = {"HOME": "/nonexistent", "PGUSER": "env"}


def described(target: str | None = None, **others: object) -> str:
    env = {**ENV, **others.pop("env", {})}  # type: ignore[dict-item]
    return resolve_target(target, env=env, **others).describe()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"target": "postgresql://a@t/x"}, "host t:5432, database x, user a (from the command line)"),
        ({"dsn": "host=d dbname='my x' user=a"}, "host d:5432, database my x, user a (from --dsn)"),
        (
            {"host": "h", "port": 1, "user": "u", "dbname": "d"},
            "host h:1, database d, user u (from --host, --port, --user, --dbname)",
        ),
        ({"env": {"PGTUNE_DSN": "postgresql://a@p/x"}}, "host p:5432, database x, user a (from PGTUNE_DSN)"),
        ({"profile_dsn": "postgresql://a@c/x"}, "host c:5432, database x, user a (from the configuration)"),
        ({"env": {"DATABASE_URL": "postgres://a@u/x"}}, "host u:5432, database x, user a (from DATABASE_URL)"),
        (
            {"env": {"PGHOST": "e", "PGDATABASE": "x"}},
            "host e:5432, database x, user env (from PGHOST, PGDATABASE, PGUSER)",
        ),
    ],
)
def test_each_source_is_read_and_named(arguments: dict[str, object], expected: str) -> None:
    assert described(**arguments) == expected  # type: ignore[arg-type]


def test_the_sources_have_an_order() -> None:
    env = {"PGTUNE_DSN": "host=tune", "DATABASE_URL": "postgres://url", "PGHOST": "env"}
    assert "host t:" in described("host=t", profile_dsn="host=p", env=env)
    assert "host d:" in described(dsn="host=d", profile_dsn="host=p", env=env)
    assert "host tune:" in described(profile_dsn="host=p", env=env)
    assert "host p:" in described(profile_dsn="host=p", env={**env, "PGTUNE_DSN": ""})
    assert "host url:" in described(env={**env, "PGTUNE_DSN": " "})
    assert "host env:" in described(env={"PGHOST": "env"})


def test_flags_replace_parts_of_what_is_configured() -> None:
    assert described(dbname="other", env={"DATABASE_URL": "postgres://a:b@u:6000/x"}) == (
        "host u:6000, database other, user a (from DATABASE_URL and --dbname)"
    )


def test_the_password_of_another_user_is_not_sent() -> None:
    env = {**ENV, "DATABASE_URL": "postgres://a:geheim@u/x"}
    assert resolve_target(None, user="b", env=env).connect_options.password is None
    assert resolve_target(None, user="a", env=env).connect_options.password == "geheim"


def test_a_prompted_password_wins() -> None:
    found = resolve_target("postgresql://a:b@h/x", password="typed", env={**ENV, "PGPASSWORD": "env"})
    assert found.connect_options.password == "typed"


def test_an_existing_file_is_a_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "a=b.pgtune"
    file.touch()
    found = resolve_target(str(file), env=ENV)
    assert found == Target(snapshot_path=file, origin="the command line")
    assert found.describe() == f"snapshot {file} (from the command line)"


def test_a_snapshot_has_no_server(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    with pytest.raises(UsageError, match="this needs a server, and the target is a snapshot file"):
        _ = resolve_target(str(file), env=ENV).connect_options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "shop.pgtune"}, "no snapshot file shop.pgtune"),
        ({"target": "ann:geheim@db/shop"}, "neither a snapshot file nor a connection"),
        ({"target": "x\0y"}, "no snapshot file x\\x00y"),
        ({"target": "/tmp"}, "/tmp is a folder, not a snapshot file"),
        ({"target": "host=a", "dsn": "host=b"}, "both a TARGET and --dsn are given"),
    ],
)
def test_what_is_no_target_is_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_target(arguments.pop("target"), env=ENV, **arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_flags_for_a_file_are_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.touch()
    with pytest.raises(UsageError, match="--host given for a snapshot file"):
        resolve_target(str(file), host="h", env=ENV)


def test_nothing_of_a_target_shows_the_password() -> None:
    found = resolve_target("postgresql://a:geheim@h/x", env=ENV)
    assert "geheim" not in repr(found) + str(found) + found.describe()

"""~/.pgpass, by libpq's rules."""

from pathlib import Path

import pytest

from pgtune_cli.collect.passfile import look_up


def found(
    folder: Path, text: str, host: str = "db", port: int = 5432, database: str = "shop", user: str = "ann"
) -> str | None:
    file = folder / ".pgpass"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return look_up(file, hosts=(host,), ports=(port,), database=database, user=user)


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("db:5432:shop:ann:geheim", "geheim"),
        ("*:*:*:*:geheim", "geheim"),
        ("# a comment\n\nother:*:*:*:no\ndb:*:*:*:yes\n*:*:*:*:late", "yes"),
        (r"db:5432:shop:ann:a\:b\\c", "a:b\\c"),
        ("db:5432:shop:ann:pass word#1é", "pass word#1é"),
        ("db:5433:*:*:geheim", None),
        ("db:5432:shop:bob:geheim", None),
        ("db:5432:shop:ann", None),
        ("db:5432:shop:ann:", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_first_line_that_fits_gives_the_password(tmp_path: Path, text: str, password: str | None) -> None:
    assert found(tmp_path, text) == password


def test_a_colon_in_a_name_is_escaped(tmp_path: Path) -> None:
    assert found(tmp_path, r"\:\:1:*:a\:b:*:geheim", host="::1", database="a:b") == "geheim"


def test_a_socket_folder_is_found_as_localhost(tmp_path: Path) -> None:
    assert found(tmp_path, "localhost:*:*:*:geheim", host="/var/run/postgresql") == "geheim"


def test_any_of_several_hosts_may_fit(tmp_path: Path) -> None:
    file = tmp_path / ".pgpass"
    file.write_text("b:2:*:*:geheim")
    file.chmod(0o600)
    assert look_up(file, hosts=("a", "b"), ports=(1, 2), database="x", user="y") == "geheim"


def test_a_file_that_is_not_there_gives_none(tmp_path: Path) -> None:
    assert look_up(tmp_path / "no", hosts=("a",), ports=(1,), database="x", user="y") is None


def test_a_folder_is_no_password_file(tmp_path: Path) -> None:
    assert look_up(tmp_path, hosts=("a",), ports=(1,), database="x", user="y") is None

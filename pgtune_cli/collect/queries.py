"""The statements that pgtune sends to read a database: one file each in sql/, with what it reads and what it needs."""

from functools import cache
from importlib.resources import files

import msgspec


class Query(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    reads: str
    needs: str
    text: str
    """the statement itself; the file's header is not sent."""


@cache
def query(name: str) -> Query:
    """The query of sql/<name>.sql."""
    header: dict[str, str] = {}
    lines = files("pgtune_cli.collect").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8").splitlines()
    while lines and lines[0].startswith("-- "):
        key, _, value = lines.pop(0).removeprefix("-- ").partition(": ")
        header[key] = value
    return Query(name=name, reads=header["reads"], needs=header["needs"], text="\n".join(lines))


def all_queries() -> tuple[Query, ...]:
    folder = files("pgtune_cli.collect").joinpath("sql")
    names = sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(query(name) for name in names)

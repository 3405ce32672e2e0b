"""What code the database holds: functions, operators, types, indexes, hidden expressions. Read once for a run."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.explain.calls import Named, named
from pgtune_cli.explain.known_code import HARMLESS_VOLATILE, KNOWN_EXTENSIONS, is_effectful
from pgtune_cli.explain.session import marked
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.lex import TruncatedText, tokens

QUERIES = ("functions", "operators", "types", "indexes", "stamp", "expressions")
AS_BYTES = (
    "SELECT pg_catalog.convert_to(pg_catalog.to_jsonb(q)::text,"
    " CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS row"
    " FROM (\n{query}) AS q"
)
MAX_DEPTH = 30
"""views upon views."""


class FunctionName(msgspec.Struct, frozen=True, kw_only=True):
    """All overloads of a name. "owned": of neither PostgreSQL nor a known extension."""

    name: str
    volatile: bool
    owned: bool
    owned_not_volatile: bool
    """the planner calls it to fold constants."""
    owned_planned: bool
    """code of its own helps the planner, whatever the arguments."""
    owned_takes_one: bool
    owned_takes_row: bool
    schema: str | None


class OwnedOperator(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    volatile: bool
    shadows: bool
    """PostgreSQL has an operator of this name too: only the types tell which one is meant."""
    types: frozenset[str]
    builtin_types: bool


class OwnedType(msgspec.Struct, frozen=True):
    """A type whose use runs owned code; `always`: between types that every statement may use."""

    name: str
    array_name: str | None
    what: str
    always: bool


class HiddenExpression(msgspec.Struct, frozen=True):
    """What comes along with a relation, type or function. `named` is None when its text could not be read."""

    what: str
    kind: str
    """read, write, view, virtual, fold, body, type, of_type or code: expressions.sql tells."""
    named: Named | None
    text: str = ""


class CodeCatalog(msgspec.Struct, frozen=True, kw_only=True):
    functions: dict[str, FunctionName]
    operators: dict[str, OwnedOperator]
    types: tuple[OwnedType, ...]
    indexes: frozenset[RelationName]
    hidden: dict[str, tuple[HiddenExpression, ...]]
    """by the bare name of the relation or the domain."""
    complete: bool = True
    """False when the hidden expressions could not all be read."""
    stamp: str = ""
    """another one, and the code is another."""

    def may_be_called(self, name: str) -> bool:
        """Whether a function of this name does nothing but compute a value. A name that is no function may."""
        function = self.functions.get(name)
        if function is None:
            return True
        if function.owned or is_effectful(name):
            return False
        return not function.volatile or name in HARMLESS_VOLATILE

    def runs_at_plan_time(self, name: str) -> bool:
        """Whether the planner itself may call a refused function, given constants: all but the volatile ones."""
        function = self.functions.get(name)
        if function is None or self.may_be_called(name):
            return False
        return function.owned_not_volatile if function.owned else not function.volatile

    def is_transparent(self, name: str) -> bool:
        """Whether a call of this name with a column stays one: SQL functions may turn into a constant."""
        function = self.functions.get(name)
        if function is None or function.owned or name not in self.hidden:
            return False
        return not any(one.kind == "body" or one.what.startswith("function ") for one in self.hidden[name])


async def read_code(connection: Connection, texts: Iterable[str]) -> CodeCatalog:
    """The code that statements of these texts could meet. Raises PostgresError."""
    known = list(KNOWN_EXTENSIONS)
    async with transaction(connection, isolation="read_committed"):
        functions = await _rows(connection, "functions", known)
        operators = await _rows(connection, "operators", known)
        types = await _rows(connection, "types", known)
        indexes = await _rows(connection, "indexes", known)
        stamp = await read_stamp(connection)
    hidden, complete = await _hidden(connection, texts)
    return CodeCatalog(
        functions={row["name"]: FunctionName(**row) for row in functions},
        operators={row["name"]: OwnedOperator(**{**row, "types": frozenset(row["types"])}) for row in operators},
        types=tuple(OwnedType(**row) for row in types),
        indexes=frozenset(RelationName(row["schema"], row["name"]) for row in indexes),
        hidden=hidden,
        complete=complete,
        stamp=stamp,
    )


async def read_stamp(connection: Connection) -> str:
    """What code there is at this moment, in short, within a transaction. Raises PostgresError."""
    return str(await connection.fetchval(query("stamp")))


async def _hidden(connection: Connection, texts: Iterable[str]) -> tuple[dict[str, tuple[HiddenExpression, ...]], bool]:
    """Those of every name in the texts, of every name in those, and so on. The deparser takes locks: it may fail."""
    hidden: dict[str, tuple[HiddenExpression, ...]] = {}
    wanted = {name for text in texts for name in _names(text)}
    for _ in range(MAX_DEPTH):
        fresh = sorted(wanted - hidden.keys())
        if not fresh:
            return hidden, True
        try:
            async with transaction(connection, isolation="read_committed"):
                rows = await _rows(connection, "expressions", fresh)
        except PostgresError:
            return hidden, False
        found: dict[str, list[HiddenExpression]] = {name: [] for name in fresh}
        for row in rows:
            text = row["text"]
            read = _named(text) if text is not None else None
            found[row["name"]].append(HiddenExpression(row["what"], row["kind"], read, text or ""))
        hidden |= {name: tuple(expressions) for name, expressions in found.items()}
        wanted = {name for each in found.values() for one in each if one.named for name in one.named.names}
    return hidden, False


async def _rows(connection: Connection, name: str, names: list[str]) -> list[dict[str, Any]]:
    """What an SQL_ASCII database holds of other encodings is read too, with U+FFFD for what is no UTF-8."""
    rows = await connection.fetch(query(name), names)
    return [msgspec.json.decode(row["row"].decode("utf-8", errors="replace"), type=dict[str, Any]) for row in rows]


def _named(text: str) -> Named | None:
    try:
        return named(tokens(text))
    except TruncatedText:
        return None


def _names(text: str) -> Sequence[str]:
    read = _named(text)
    return sorted(read.names) if read is not None else ()


@cache
def query(name: str) -> str:
    """The text of one of QUERIES, or `load`, with pgtune's mark."""
    text = _file(name).replace("{owned}", _file("owned").strip())
    return marked(text if name in ("stamp", "load") else AS_BYTES.format(query=text))


def _file(name: str) -> str:
    return files("pgtune_cli.explain").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")

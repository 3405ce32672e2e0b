"""Reading with nothing lost: each query runs in a savepoint, and what fails is noted and left out.

A query that reads many objects is halved when it fails, until the objects that cannot be read are alone.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pgtune_cli.collect.connection import LOST, MARK, Connection, PostgresError, Record
from pgtune_cli.collect.queries import query
from pgtune_cli.errors import ConnectionFailed
from pgtune_cli.model.snapshot import Skipped

MAX_FAILURES = 40
"""a run that fails as often as this gives up halving: each failure may have taken a whole timeout."""

UNREADABLE = (PostgresError, ValueError)
"""refused by the server, or not decodable here (bytes of another encoding in an SQL_ASCII database)."""

NOT_UTF8 = {"22021", "22P05"}
"""what the server says of bytes that it cannot send as UTF-8."""
_IS_UTF8 = (
    "pg_catalog.encode(pg_catalog.convert_to(q::text, 'SQL_ASCII'), 'hex') ~ '^([0-7].|(c[2-9a-f]|d.)[89ab]."
    "|(e0[ab]|e[1-9a-cef][89ab]|ed[89]).[89ab].|(f0[9ab]|f[123][89ab]|f48).([89ab].){2})*$'"
)
READABLE = (
    f"SELECT {MARK} q.* FROM (\n{{query}}\n) AS q WHERE pg_catalog.getdatabaseencoding() <> 'SQL_ASCII' OR {_IS_UTF8}"
)
"""the rows of a query that are UTF-8: an SQL_ASCII database may hold any bytes in any name."""
UNREADABLE_NAMES = (
    f"SELECT {MARK} pg_catalog.convert_to(concat_ws('.', to_jsonb(q) ->> 'schema', to_jsonb(q) ->> 'name'),"
    f" 'SQL_ASCII') AS name FROM (\n{{query}}\n) AS q WHERE NOT {_IS_UTF8}"
)


class Reader:
    """Runs the queries of sql/ inside the transaction that the caller has opened."""

    def __init__(self, connection: Connection, progress: Callable[[str], None] | None = None) -> None:
        self.connection = connection
        self.skipped: list[Skipped] = []
        self.fill: dict[str, str] = {}
        """what stands in {braces} in some queries: quoted by the server."""
        self._progress = progress
        self._failures = 0

    def say(self, what: str) -> None:
        if self._progress is not None:
            self._progress(what)

    def skip(self, what: str, why: str, remedy: str | None = None) -> None:
        self.skipped.append(Skipped(what, why, remedy))

    async def rows(self, name: str, *arguments: object) -> list[Record]:
        """The rows of one query that can be read; `skipped` names the others, or says why it failed."""
        try:
            try:
                return await self.attempt(name, *arguments)
            except UNREADABLE as exc:
                if not _is_encoding(exc):
                    raise
                return await self._readable_rows(name, *arguments)
        except UNREADABLE as exc:
            self.skip(query(name).reads, reason(exc), _remedy(exc, name))
            return []

    async def _readable_rows(self, name: str, *arguments: object) -> list[Record]:
        rows = await self.attempt(name, *arguments, within=READABLE)
        for row in await self.attempt(name, *arguments, within=UNREADABLE_NAMES):
            self.skip(
                f"{name.removesuffix('s').replace('_', ' ')} {text_of(row['name'])}",
                "it holds bytes that are no UTF-8, in an SQL_ASCII database",
            )
        return rows

    async def rows_of(
        self, name: str, keys: Sequence[Any], called: Callable[[Any], str], *arguments: object
    ) -> list[Record]:
        """The rows of a query whose $1 is the objects to read; `called` names one that cannot be read."""
        if not keys:
            return []
        try:
            return await self.attempt(name, list(keys), *arguments)
        except UNREADABLE as exc:
            self._failures += 1
            if len(keys) == 1:
                self.skip(f"{name.replace('_', ' ')} of {called(keys[0])}", reason(exc), _remedy(exc, name))
                return []
            if self._failures > MAX_FAILURES:
                self.skip(f"{name.replace('_', ' ')} of {len(keys)} objects", reason(exc), _remedy(exc, name))
                return []
        half = len(keys) // 2
        first = await self.rows_of(name, keys[:half], called, *arguments)
        return first + await self.rows_of(name, keys[half:], called, *arguments)

    async def attempt(self, name: str, *arguments: object, within: str = "{query}") -> list[Record]:
        """The rows of one query, in a savepoint; `within` another query around it.

        Raises:
            PostgresError, ValueError: the query failed; the transaction goes on.
            ConnectionFailed: the server is gone.
        """
        text = query(name).text
        for brace, value in self.fill.items():
            text = text.replace(brace, value)
        text = within.replace("{query}", text)
        try:
            async with self.connection.transaction():
                return await self.connection.fetch(text, *arguments)
        except LOST as exc:
            raise lost(exc, query(name).reads) from exc


def _is_encoding(error: BaseException) -> bool:
    return isinstance(error, UnicodeDecodeError) or getattr(error, "sqlstate", None) in NOT_UTF8


def lost(error: BaseException, what: str) -> ConnectionFailed:
    """`error` is the driver's, whose words may be of its own insides: only a server's are passed on."""
    why = f": {' '.join(str(error).split())}" if getattr(error, "sqlstate", None) else ""
    return ConnectionFailed(f"the connection broke while reading {what}{why}", "see the server's log, and run it again")


def text_of(found: bytes | None) -> str | None:
    """A statement's text; what is no UTF-8 in an SQL_ASCII database is shown as U+FFFD."""
    return None if found is None else found.decode("utf-8", errors="replace")


def reason(error: BaseException) -> str:
    """The server's words in one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    state = getattr(error, "sqlstate", None)
    if state == "57014":
        return "it took longer than statement_timeout"
    if state == "55P03":
        return "another session holds a lock on it"
    return said if state else f"not readable: {said}"


def _remedy(error: BaseException, name: str) -> str | None:
    return f"needs {query(name).needs}" if getattr(error, "sqlstate", None) == "42501" else None

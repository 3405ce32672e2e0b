"""What the tests of the rewriters share: a catalog read from a server, a Source, and a proof run on it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.lex import TokenKind, lex
from pgtune_cli.sql.shape import shape


def read_catalog(dsn: str) -> Catalog:
    async def read(connection: Connection) -> Catalog:
        return (await collect(connection, CollectOptions())).catalog

    return on_server(dsn, read)


def on_server(dsn: str, work: Any) -> Any:
    """`work(connection)`, run on a connection of pgtune's own."""

    async def run() -> Any:
        connection = await connect(dsn)
        try:
            result: Coroutine[Any, Any, Any] = work(connection)
            return await result
        finally:
            await connection.close()

    return asyncio.run(run())


def source_of(text: str, catalog: Catalog, search_path: tuple[str, ...] = ("public",)) -> Source:
    what = shape(text, catalog, search_path)
    assert what is not None, f"no parser takes {text}"
    return Source(text, what, catalog)


async def prepared_of(connection: Connection, text: str, values: dict[int, str] | None = None) -> Prepared:
    """What EXPLAIN would have left: the types of the parameters, and a value for each."""
    async with connection.transaction():
        types = [parameter.name for parameter in (await connection.prepare(text)).get_parameters()]
    given = tuple((values or {}).get(number, "10") for number in range(1, len(types) + 1))
    sets = (ValueSet(name="typical", origin="pg_stats", values=given),)
    return Prepared(fingerprint="f", sql=text, parameter_types=tuple(types), value_sets=sets)


def commented(text: str, form: str) -> tuple[str, list[str]]:
    """The text with a comment of its own in every space between its tokens, and those comments."""
    pieces, added = [], []
    for at, piece in enumerate(lex(text)):
        pieces.append(piece.text)
        if piece.kind is TokenKind.SPACE:
            added.append(form.format(f"c{at}c"))
            pieces.append(f"{added[-1]}\n")
    return "".join(pieces), added

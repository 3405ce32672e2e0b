"""The clone of what is analysed; and what is kept for reuse, as the configuration says where and how much."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.model.statement import Statement

if TYPE_CHECKING:
    from pgtune_cli.server.kept_data import DataCache
    from pgtune_cli.settings import CacheSettings
    from pgtune_cli.whatif.clone import Clone


def data_cache(settings: "CacheSettings") -> "DataCache":
    """The cache of these settings; its folder is made when it is first used."""
    from pgtune_cli.server.kept_data import DataCache

    return DataCache(settings.dir, settings.max_bytes, settings.max_age_ms / 1000)


@asynccontextmanager
async def open_clone_of(
    snapshot: Snapshot,
    statements: tuple[Statement, ...],
    options: AnalyzeOptions,
    notes: Notes,
    *,
    of_file: bool = False,
) -> AsyncIterator[tuple["Clone | None", tuple[Skipped, ...]]]:
    """The clone of what the statements touch, and what it lost; None, and why, where there can be none.

    `of_file`: the snapshot stays as it is, so that its clone is worth keeping; what a server says changes by the
    minute, and is not left on this machine.
    """
    from pgtune_cli.server.binaries import find_binaries
    from pgtune_cli.whatif.clone import open_clone

    try:
        binaries = find_binaries(options.pg_bin, major=18)
    except EmbeddedServerError as exc:
        yield None, (_no_clone(exc, notes),)
        return
    notes.progress("building the statistics-only clone")
    cache = data_cache(options.cache) if options.cache is not None else None
    async with AsyncExitStack() as stack:
        opened = open_clone(
            snapshot,
            binaries=binaries,
            relations=_touched(snapshot, statements),
            progress=notes.progress,
            cache=cache if of_file else None,
            servers=cache,
        )
        try:
            clone = await stack.enter_async_context(opened)
        except EmbeddedServerError as exc:
            yield None, (_no_clone(exc, notes),)
            return
        yield clone, clone.lost


def _no_clone(error: EmbeddedServerError, notes: Notes) -> Skipped:
    """What does not need the clone goes on without it."""
    notes.note(f"no statistics-only clone: {error}" + (f"\nhint: {error.hint}" if error.hint else ""))
    why = " ".join(str(error).split())
    return Skipped("index advice and what-if plans", f"no statistics-only clone: {why}", error.hint)


def _touched(snapshot: Snapshot, statements: tuple[Statement, ...]) -> frozenset[RelationName]:
    """The relations that the statements mention: the rest of the catalog changes none of their plans."""
    from pgtune_cli.whatif.mentions import Relevance

    relevance = Relevance(snapshot.catalog)
    return frozenset(name for statement in statements for name in relevance.tables(statement.query))

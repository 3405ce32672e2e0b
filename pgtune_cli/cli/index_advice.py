"""Index and statistics advice, by the engine that was asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import Source
from pgtune_cli.errors import ServerRefused, UsageError
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Relation
from pgtune_cli.model.index import IndexAdvice, RejectedIndex, StatisticsAdvice

if TYPE_CHECKING:
    from pgtune_cli.advise.unique import Count
    from pgtune_cli.whatif.clone import Clone
    from pgtune_cli.whatif.protocol import WhatIf


def check_engine(source: Source, options: AnalyzeOptions) -> None:
    if options.engine == "hypopg" and source.connection is None:
        raise UsageError("--engine hypopg needs a server, and this is a snapshot file")
    extensions = {extension.name for extension in source.snapshot.catalog.extensions}
    if options.engine == "hypopg" and "hypopg" not in extensions:
        raise ServerRefused(
            "hypopg is not installed in this database", "CREATE EXTENSION hypopg, or leave out --engine"
        )


async def advise(
    analysis: Analysis, source: Source, clone: "Clone | None", options: AnalyzeOptions, notes: Notes
) -> IndexAdvice:
    """The index advice; empty, without an engine, where there is no what-if planner."""
    from pgtune_cli.advise.advise import advise as choose

    whatif: WhatIf | None = clone
    if options.engine == "hypopg" and source.connection is not None:
        from pgtune_cli.collect.connection import is_pooled
        from pgtune_cli.whatif.hypopg import HypopgWhatIf

        if await is_pooled(source.connection):
            raise ServerRefused(
                "--engine hypopg keeps hypothetical indexes in the session, and a pooler shares sessions",
                "connect to the server itself, or leave out --engine",
            )

        whatif = HypopgWhatIf(source.connection, analysis.snapshot.catalog)
    advice = IndexAdvice()
    if whatif is not None:
        notes.progress("choosing indexes")
        advice = await choose(analysis, whatif, options.for_advise(), _count(analysis, source, options, notes))
    found, useless = await _statistics(analysis, source, clone, options, notes)
    return msgspec.structs.replace(advice, statistics=found, rejected=(*advice.rejected, *useless))


def _count(analysis: Analysis, source: Source, options: AnalyzeOptions, notes: Notes) -> "Count | None":
    """How keys are proven to be unique; None where UNIQUE indexes are not asked for."""
    if not options.unique:
        return None
    from pgtune_cli.explain.unique_keys import count_keys

    connection = source.replica or source.connection

    async def count(relation: Relation, columns: Sequence[str]) -> str | tuple[bool, str]:
        if connection is None or connection.is_closed():
            return "there is no server to count them on"
        if not options.may_count:
            return "nothing may be executed there"
        notes.progress(f"counting the keys of {relation.relation_name}")
        catalog = analysis.snapshot.catalog
        found = await count_keys(connection, catalog, relation, columns, options.for_explain())
        return found if isinstance(found, str) else (found.unique, found.at)

    return count


async def _statistics(
    analysis: Analysis, source: Source, clone: "Clone | None", options: AnalyzeOptions, notes: Notes
) -> tuple[tuple[StatisticsAdvice, ...], tuple[RejectedIndex, ...]]:
    """Where an executed plan had a wrong estimate; each tried with a sample of the table, if one may be read."""
    from pgtune_cli.advise.statistics import advise_statistics
    from pgtune_cli.explain.table_sample import TableSample, sample_table

    connection = source.replica or source.connection

    async def sample(relation: Relation, columns: Sequence[str], expressions: Sequence[str]) -> TableSample | str:
        if connection is None or connection.is_closed():
            return "there is no server"
        notes.progress(f"reading a sample of {relation.relation_name}")
        catalog = analysis.snapshot.catalog
        return await sample_table(connection, catalog, relation, columns, expressions, options.for_explain())

    return await advise_statistics(analysis, clone, sample)

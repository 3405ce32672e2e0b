"""The indexes of the advice, built and measured on the scratch copy of --trial."""

import os
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import Source
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import IndexAdvice

if TYPE_CHECKING:
    from pgtune_cli.collect.connect_options import ConnectOptions


async def check_trial(source: Source, options: AnalyzeOptions, notes: Notes) -> None:
    """Before the work begins: that the database of --trial is there, and may be used."""
    if options.trial is None:
        return
    from pgtune_cli.advise.scratch import check_copy
    from pgtune_cli.collect.connection import connect

    copy = _scratch(options.trial)
    if source.connection is None:
        notes.note(
            f"trial: a snapshot does not tell which server it is of: {copy.describe()} is taken for a scratch copy"
        )
    connection = await connect(copy, read_only=False)
    try:
        await check_copy(connection, source.connection, ())
    finally:
        connection.terminate()


async def tried(
    analysis: Analysis, advice: IndexAdvice, source: Source, options: AnalyzeOptions, notes: Notes
) -> IndexAdvice:
    """The advice as it did on the scratch copy of --trial; as it is without one."""
    if options.trial is None:
        return advice
    if not advice.chosen:
        notes.note("trial: there is no index to try")
        return advice
    from pgtune_cli.advise.trial import trial

    copy = _scratch(options.trial)
    notes.note(f"trial: {len(advice.chosen)} indexes are built in {copy.describe()}, and dropped again")
    explain_options = msgspec.structs.replace(options.for_explain(), execute=True)
    return await trial(analysis, advice, copy, source.connection, explain_options, notes.progress)


def _scratch(dsn: str) -> "ConnectOptions":
    from pgtune_cli.collect.connect_options import options_of_dsn

    return options_of_dsn(dsn, os.environ)

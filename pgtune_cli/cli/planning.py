"""The plans of all statements: the server's where there is one, else the clone's."""

from typing import TYPE_CHECKING

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.source import Source
from pgtune_cli.cli.stored_plans import stored_plans
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement

if TYPE_CHECKING:
    from pgtune_cli.whatif.clone import Clone


async def explain(
    source: Source,
    statements: tuple[Statement, ...],
    options: AnalyzeOptions,
    clone: "Clone | None",
    lost: tuple[Skipped, ...],
    notes: Notes,
) -> Analysis:
    """The plans of every statement: the server's, or those in the snapshot; the clone's where there are none."""
    from pgtune_cli.explain.runner import explain_statements

    explain_options = options.for_explain()
    skipped = source.snapshot.skipped + lost
    plans: dict[str, StatementPlans] = {}
    if source.connection is not None:
        plans = await explain_statements(
            source.connection,
            source.snapshot,
            statements,
            explain_options,
            replica=source.replica,
            progress=notes.progress,
            announce=lambda message: notes.note(
                f"{message}, read-only, at most {options.max_time_ms / 1000:g} s each (--no-execute plans only)"
            ),
        )
        if source.connection.is_closed():
            skipped += (_lost(notes),)
    else:
        # values that the snapshot did not know when it was taken are planned on the clone
        told = options.params is not None
        known = [one for one in statements if not (told and (one.given or one.samples))]
        plans = stored_plans(source.snapshot, known, show_values=options.show_values)
    if clone is not None:
        from pgtune_cli.cli.clone_plans import with_clone_plans

        plans = await with_clone_plans(plans, clone, source.snapshot, statements, explain_options, notes)
    analysis = Analysis(snapshot=source.snapshot, statements=statements, plans=plans, skipped=skipped)
    if clone is not None:
        from pgtune_cli.whatif.fidelity import with_fidelity

        notes.progress("comparing the clone's plans with the source's")
        analysis = await with_fidelity(analysis, clone)
    return analysis


def _lost(notes: Notes) -> Skipped:
    """The connection broke while statements were explained: whoever reads the report must know it."""
    skipped = Skipped("the connection to the server", "it broke while statements were explained there; the rest was "
                      "planned without the server", "see the server's log, and run it again")  # fmt: skip
    notes.note(f"{skipped.what}: {skipped.why}; {skipped.remedy}")
    return skipped

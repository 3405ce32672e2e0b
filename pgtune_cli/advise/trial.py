"""The chosen indexes on a scratch copy: built, the workload's safe reads measured before and after, dropped again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.scratch import NotBuilt, build, check_copy, dropped, undo
from pgtune_cli.advise.trial_judged import Runs, judged
from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connect_options import ConnectOptions
from pgtune_cli.collect.connection import LOST, Connection, connect
from pgtune_cli.errors import ServerRefused
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.runner import explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import ChosenIndex, IndexAdvice
from pgtune_cli.model.snapshot import Snapshot

RUNS = 3
"""of every statement, without and with the indexes: the noise between them is known, and the least of them counts"""
ALIKE = 0.5
"""of the source's pages: a copy with less, or more than twice as many, is said to be another"""
Progress = Callable[[str], None]


async def trial(
    analysis: Analysis,
    advice: IndexAdvice,
    options: ConnectOptions,
    source: Connection | None,
    explain: ExplainOptions,
    say: Progress,
) -> IndexAdvice:
    """The advice with what was measured, without what did not help.

    Raises:
        UsageError: the copy is the source itself, no copy of it, in use, read-only or a standby.
        ServerRefused: which database it is cannot be told, or what was built could not be dropped.
        ConnectionFailed: it cannot be reached.
    """
    builder = await connect(options, read_only=False)
    try:
        await check_copy(builder, source, advice.chosen)
        return await _tried(analysis, advice, builder, options, explain, say)
    except LOST as exc:
        raise ServerRefused("--trial: the connection to the copy was lost", "see its log") from exc
    finally:
        if not builder.is_closed():
            builder.terminate()


async def _tried(
    analysis: Analysis, advice: IndexAdvice, builder: Connection, options: ConnectOptions, explain: ExplainOptions,
    say: Progress,
) -> IndexAdvice:  # fmt: skip
    say("trial: measuring without the indexes")
    snapshot = await _snapshot(analysis, options)
    values: dict[str, str] = {}
    before = await _measured(analysis, snapshot, options, explain, say, values)
    built: list[ChosenIndex] = []
    results: dict[str, int | NotBuilt] = {}
    try:
        for index in advice.chosen:
            say(f"trial: building {index.name}")
            built.append(index)
            results[index.name] = found = await build(builder, index)
            if isinstance(found, NotBuilt):
                await dropped(builder, index)
        say("trial: measuring with the indexes")
        after = await _measured(analysis, snapshot, options, explain, say, values)
    finally:
        say("trial: dropping what was built")
        # also after Ctrl-C: what was built goes
        await asyncio.shield(undo(options, builder, built))
    return judged(advice, before, after, results, _differences(analysis, snapshot, advice.chosen), values)


async def _snapshot(analysis: Analysis, options: ConnectOptions) -> Snapshot:
    """Of the copy, with the statements of the source: values and gates are the same before and after."""
    reader = await connect(options)
    try:
        found = await collect(reader, CollectOptions())
    finally:
        reader.terminate()
    return msgspec.structs.replace(found, workload=analysis.snapshot.workload)


async def _measured(
    analysis: Analysis, snapshot: Snapshot, options: ConnectOptions, explain: ExplainOptions, say: Progress,
    values: dict[str, str],
) -> Runs:  # fmt: skip
    """Every statement that may be executed, RUNS times; by fingerprint. `values` gets the names of theirs."""
    found: dict[str, list[tuple[int, float]]] = {}
    reader = await connect(options)
    statements = analysis.statements
    try:
        for _ in range(RUNS):
            plans = await explain_statements(reader, snapshot, statements, explain, progress=say)
            for fingerprint, one in plans.items():
                executed = next((plan for plan in one.plans if plan.executed), None)
                if executed is not None:
                    run = (executed.blocks or 0, executed.execution_time_ms or 0.0)
                    found.setdefault(fingerprint, []).append(run)
                    values[fingerprint] = executed.parameters.name
            statements = tuple(each for each in statements if each.fingerprint in found)
    finally:
        reader.terminate()
    return found


def _differences(analysis: Analysis, copy: Snapshot, chosen: Sequence[ChosenIndex]) -> tuple[str, ...]:
    """Tables whose size is another there."""
    here, there = _pages(analysis.snapshot), _pages(copy)
    notes = []
    for name in sorted({index.relation for index in chosen}):
        mine, other = here.get(name), there.get(name)
        if mine and other is not None and not ALIKE <= max(other, 1) / mine <= 1 / ALIKE:
            notes.append(f"{name} has {other:,} pages there and {mine:,} on the source")
    return tuple(notes)


def _pages(snapshot: Snapshot) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for one in snapshot.catalog.relations:
        pages = one.pages if one.pages is not None else one.relpages
        name = str(one.partition_of or one.relation_name)
        found[name] = found.get(name, 0) + pages
    return found

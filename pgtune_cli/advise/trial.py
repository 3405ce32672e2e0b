"""The chosen indexes on a scratch copy: built, the workload's safe reads measured before and after, dropped again.

The one place where pgtune changes a database, which is why it looks twice at which one it is.
"""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connect_options import ConnectOptions
from pgtune_cli.collect.connection import MARK, Connection, PostgresError, connect
from pgtune_cli.collect.reader import reason
from pgtune_cli.errors import ServerRefused, UsageError
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.explain.runner import explain_statements
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.index import ChosenIndex, IndexAdvice, RejectedIndex, StatementTrial, Trial
from pgtune_cli.model.plan import StatementPlan, StatementPlans
from pgtune_cli.sql.quote import quote_literal

HELPS = 0.95
"""of the blocks or of the time: what some statement must fall below"""
SYSTEM = f"SELECT {MARK} system_identifier FROM pg_catalog.pg_control_system()"
WHERE = (
    f"SELECT {MARK} oid::int8 AS oid, datname::text AS name, pg_catalog.pg_is_in_recovery() AS standby,"
    " (pg_catalog.current_setting('transaction_read_only') = 'on') AS read_only,"
    " (SELECT count(*) FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()"
    "   AND coalesce(a.backend_type, 'client backend') = 'client backend') AS others"
    " FROM pg_catalog.pg_database AS d WHERE datname = pg_catalog.current_database()"
)
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
        UsageError: the copy is the source itself, is in use, is read-only or a standby.
        ServerRefused: which database it is cannot be told, or an index cannot be built there.
        ConnectionFailed: it cannot be reached.
    """
    builder = await connect(options, read_only=False)
    try:
        await _check(builder, source)
        return await _tried(analysis, advice, builder, options, explain, say)
    finally:
        if not builder.is_closed():
            builder.terminate()


async def _check(copy: Connection, source: Connection | None) -> None:
    try:
        mine = await copy.fetchrow(WHERE)
        assert mine is not None
        system = await copy.fetchval(SYSTEM)
        theirs = None if source is None else (await source.fetchval(SYSTEM), (await source.fetchrow(WHERE))["oid"])  # type: ignore[index]
    except PostgresError as exc:
        raise ServerRefused(
            f"--trial: cannot tell which server that is: {type(exc).__name__}",
            "GRANT EXECUTE ON FUNCTION pg_control_system() TO this role, or pg_monitor",
        ) from exc
    if theirs == (system, mine["oid"]):
        raise UsageError("--trial: that is the database that is analysed", "name a scratch copy of it")
    if mine["standby"]:
        raise UsageError("--trial: that server is a standby, on which no index can be built")
    if mine["read_only"]:
        raise UsageError(f"--trial: database {mine['name']} is read-only")
    if mine["others"]:
        raise UsageError(
            f"--trial: database {mine['name']} is used by other sessions ({mine['others']})", "name a scratch copy"
        )


async def _tried(
    analysis: Analysis, advice: IndexAdvice, builder: Connection, options: ConnectOptions, explain: ExplainOptions,
    say: Progress,
) -> IndexAdvice:  # fmt: skip
    touched = {each.fingerprint for index in advice.chosen for each in index.statements}
    statements = tuple(each for each in analysis.statements if each.fingerprint in touched)

    async def measured() -> dict[str, StatementPlans]:
        reader = await connect(options)
        try:
            snapshot = await collect(reader, CollectOptions())
            snapshot = msgspec.structs.replace(snapshot, workload=analysis.snapshot.workload)
            return await explain_statements(reader, snapshot, statements, explain, progress=say)
        finally:
            reader.terminate()

    say("trial: measuring without the indexes")
    before = await measured()
    built: list[ChosenIndex] = []
    sizes: dict[str, int] = {}
    try:
        for index in advice.chosen:
            say(f"trial: building {index.name}")
            await _absent(builder, index)
            built.append(index)
            for step in index.steps:
                await builder.execute(step)
            sizes[index.name] = await _size(builder, index)
        say("trial: measuring with the indexes")
        after = await measured()
    except PostgresError as exc:
        raise ServerRefused(
            f"--trial: {built[-1].name if built else 'an index'} could not be built: {reason(exc)}"
        ) from exc
    finally:
        # also after Ctrl-C: what was built goes, on a session of its own where the other one is busy
        await asyncio.shield(_undo(options, built))
    return _judged(advice, before, after, sizes)


async def _absent(builder: Connection, index: ChosenIndex) -> None:
    for leaf in index.leaves:
        if await builder.fetchval(f"SELECT {MARK} to_regclass({quote_literal(leaf)}) IS NOT NULL"):
            raise UsageError(f"--trial: {leaf} is there already", "drop it, or name a fresh copy")


async def _size(builder: Connection, index: ChosenIndex) -> int:
    names = ", ".join(f"to_regclass({quote_literal(leaf)})" for leaf in index.leaves)
    total = f"SELECT {MARK} sum(pg_catalog.pg_relation_size(c))::int8 FROM unnest(ARRAY[{names}]) AS c"
    return int(await builder.fetchval(total) or 0)


async def _undo(options: ConnectOptions, built: list[ChosenIndex]) -> None:
    if not built:
        return
    session = await connect(options, read_only=False)
    try:
        await session.execute("SET statement_timeout = 0")
        for index in reversed(built):
            for undo in dict.fromkeys(step for step in reversed(index.rollback_steps) if step is not None):
                await session.execute(undo)
    finally:
        session.terminate()


def _judged(
    advice: IndexAdvice,
    before: Mapping[str, StatementPlans],
    after: Mapping[str, StatementPlans],
    sizes: Mapping[str, int],
) -> IndexAdvice:
    """An index stays where a statement of its own fell, or where none could be executed."""
    kept, rejected = [], []
    trials: dict[str, StatementTrial] = {}
    for index in advice.chosen:
        mine = [
            found
            for each in index.statements
            if (found := _statement(each.fingerprint, before, after)) is not None
        ]  # fmt: skip
        trials |= {each.fingerprint: each for each in mine}
        tried = msgspec.structs.replace(index, measured_bytes=sizes.get(index.name))
        if mine and not any(map(_helped, mine)):
            best = min(mine, key=lambda each: each.blocks_after / max(each.blocks_before, 1))
            rejected.append(
                RejectedIndex(
                    index.sql,
                    f"built in the trial it helped none of {len(mine)} statements: at best {best.blocks_before:,} "
                    f"blocks became {best.blocks_after:,}, and {best.time_before_ms:.1f} ms became "
                    f"{best.time_after_ms:.1f} ms",
                    index.relation,
                )
            )
        else:
            kept.append(tried)
    return msgspec.structs.replace(
        advice,
        chosen=tuple(kept),
        rejected=(*rejected, *advice.rejected),
        trial=Trial(statements=tuple(trials[key] for key in sorted(trials)), dropped=tuple(r.sql for r in rejected)),
    )


def _helped(each: StatementTrial) -> bool:
    return each.blocks_after < HELPS * each.blocks_before or each.time_after_ms < HELPS * each.time_before_ms


def _statement(
    fingerprint: str, before: Mapping[str, StatementPlans], after: Mapping[str, StatementPlans]
) -> StatementTrial | None:
    one, two = _executed(before.get(fingerprint)), _executed(after.get(fingerprint))
    if one is None or two is None:
        return None
    return StatementTrial(
        fingerprint=fingerprint, blocks_before=one.blocks or 0, blocks_after=two.blocks or 0,
        time_before_ms=one.execution_time_ms or 0.0, time_after_ms=two.execution_time_ms or 0.0,
    )  # fmt: skip


def _executed(plans: StatementPlans | None) -> StatementPlan | None:
    return None if plans is None else next((plan for plan in plans.plans if plan.executed), None)

"""How a trial on a scratch copy is told."""

from pgtune_cli.model.index import IndexAdvice, StatementTrial, Trial
from pgtune_cli.report.format import count, duration, number_of

MOST = 100


def measured(trial: Trial) -> tuple[StatementTrial, ...]:
    """Those that became slower first, then those that became faster by most."""

    def gained(one: StatementTrial) -> tuple[bool, float, str]:
        return one.verdict != "slower", one.time_after_ms - one.time_before_ms, one.fingerprint

    ordered = sorted(trial.statements, key=gained)
    return tuple(ordered[:MOST])


def line(one: StatementTrial) -> str:
    """`3.2k → 4 blocks, 12 ms → 0.04 ms (faster)`."""
    blocks = f"{count(one.blocks_before)} → {count(one.blocks_after)} blocks"
    return f"{blocks}, {duration(one.time_before_ms)} → {duration(one.time_after_ms)} ({one.verdict or 'measured'})"


def remarks(advice: IndexAdvice) -> list[str]:
    """What else the reader must know."""
    trial = advice.trial
    if trial is None:
        return []
    reasons = {one.sql: one.reason for one in advice.rejected}
    lines = [f"not advised any more: {sql}: {reasons.get(sql, 'it did not help')}" for sql in trial.dropped]
    lines += [f"not measured: {one.sql}: {one.reason}" for one in trial.failed]
    lines += [f"{note}: what is measured there says little of it" for note in trial.notes]
    if not trial.statements:
        lines.append("no statement could be executed there")
    elif trial.statements[0].runs > 1:
        runs, noise = trial.statements[0].runs, max(one.noise for one in trial.statements)
        lines.append(
            f"each time is the least of {number_of(runs, 'run')}, which differed by up to a factor of {noise:.1f}"
        )
    return lines

"""What a trial says of each index: it stays unless it helped none of its statements by more than the noise.

Drops were verified beside the whole set: those on the table of an index that goes are not advised any more.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from pgtune_cli.advise.scratch import NotBuilt
from pgtune_cli.model.index import ChosenIndex, IndexAdvice, RejectedIndex, StatementBenefit, StatementTrial, Trial

HELPS = 0.95
"""of the blocks or of the time: what some statement must fall below"""
BESIDE = "it was verified beside an index of the table that the trial turned down"

Runs = Mapping[str, Sequence[tuple[int, float]]]
"""blocks and milliseconds of each run, by fingerprint."""


def judged(
    advice: IndexAdvice,
    before: Runs,
    after: Runs,
    results: Mapping[str, int | NotBuilt],
    notes: tuple[str, ...],
    values: Mapping[str, str] | None = None,
) -> IndexAdvice:
    """The advice with sizes and times; what did no good, and what the rows do not let be built, is rejected.

    `values` names those that each statement ran with: an index that serves others was not tried by it.
    """
    trials = {key: _statement(key, before[key], after[key]) for key in sorted(before) if key in after}
    kept: list[ChosenIndex] = []
    rejected: list[RejectedIndex] = []
    failed: list[RejectedIndex] = []
    for index in advice.chosen:
        result = results.get(index.name)
        if isinstance(result, NotBuilt):
            told = RejectedIndex(index.sql, f"it could not be built in the trial: {result.why}", index.relation)
            (rejected if result.of_rows else failed).append(told)
            if not result.of_rows:
                kept.append(index)
            continue
        ran = [each for each in index.statements if each.fingerprint in trials]
        mine = [trials[each.fingerprint] for each in ran if _was_tried(each, values or {})]
        if mine and not any(map(_helped, mine)) and not index.foreign_keys:
            rejected.append(RejectedIndex(index.sql, _useless(mine), index.relation))
        else:
            kept.append(msgspec.structs.replace(index, measured_bytes=result))
    touched = {one.relation for one in rejected}
    unproven = [one for one in advice.dropped if one.relation in touched]
    # without statements of its own an index only takes the place of others, which stay
    rejected += [RejectedIndex(one.sql, BESIDE, one.relation) for one in kept if _replaces(one, touched)]
    kept = [one for one in kept if not _replaces(one, touched)]
    rejected += [RejectedIndex(one.sql, BESIDE, one.relation) for one in unproven]
    fewer = len(kept) < len(advice.chosen)
    return msgspec.structs.replace(
        advice,
        chosen=tuple(kept),
        rejected=(*rejected, *advice.rejected),
        dropped=tuple(one for one in advice.dropped if one not in unproven),
        storage_bytes=sum(index.size_bytes for index in kept),
        # that of the whole set, which is not advised any more
        workload_cost_after=None if fewer else advice.workload_cost_after,
        trial=Trial(
            statements=tuple(trials.values()),
            dropped=tuple(one.sql for one in rejected),
            failed=tuple(failed),
            notes=notes,
        ),
    )


def _was_tried(benefit: StatementBenefit, values: Mapping[str, str]) -> bool:
    ran = values.get(benefit.fingerprint)
    return not benefit.values or ran is None or ran in benefit.values


def _statement(
    fingerprint: str, before: Sequence[tuple[int, float]], after: Sequence[tuple[int, float]]
) -> StatementTrial:
    times = [time for _, time in before], [time for _, time in after]
    return StatementTrial(
        fingerprint=fingerprint,
        blocks_before=min(blocks for blocks, _ in before),
        blocks_after=min(blocks for blocks, _ in after),
        time_before_ms=min(times[0]),
        time_after_ms=min(times[1]),
        runs=min(len(before), len(after)),
        noise=max(max(some) / max(min(some), 1e-6) for some in times),
        verdict=_verdict(*times),
    )


def _verdict(before: Sequence[float], after: Sequence[float]) -> str:
    """Of times: by more than HELPS, and by more than the runs of one kind differ."""
    if max(after) < HELPS * min(before):
        return "faster"
    if HELPS * min(after) > max(before):
        return "slower"
    return "same" if HELPS <= min(after) / max(min(before), 1e-6) <= 1 / HELPS else "undecided"


def _replaces(index: ChosenIndex, touched: Collection[str]) -> bool:
    return index.relation in touched and not index.statements


def _helped(each: StatementTrial) -> bool:
    """Or may have: what the noise hides is no reason to drop an index."""
    fewer = each.blocks_after < HELPS * each.blocks_before
    return fewer or each.time_after_ms < HELPS * each.time_before_ms


def _useless(mine: Sequence[StatementTrial]) -> str:
    best = min(mine, key=lambda each: each.blocks_after / max(each.blocks_before, 1))
    return (
        f"built in the trial it helped none of {len(mine)} statements: at best {best.blocks_before:,} "
        f"blocks became {best.blocks_after:,}, and {best.time_before_ms:.1f} ms became {best.time_after_ms:.1f} ms"
    )

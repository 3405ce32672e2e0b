"""The baseline file: what every statement cost, small, sorted, without literals, made for a diff in a repository."""

from math import isfinite
from pathlib import Path

import msgspec

from pgtune_cli.compare.runs import Runs, pairs_of
from pgtune_cli.compare.signals import WORTH_A_WORD_MS, Circumstances, signals
from pgtune_cli.compare.tolerance import tolerance_of
from pgtune_cli.errors import UsageError
from pgtune_cli.model.check_policy import RelativePolicy
from pgtune_cli.model.comparison import (
    BASELINE_SCHEMA_VERSION,
    Baseline,
    BaselineStatement,
    PlanSummary,
    TableState,
)
from pgtune_cli.resources import write_whole

MAX_BYTES = 64 << 20
TIME_MOVED = 2.0
"""a mean that moved by less is noise, and stays out of the diff."""
COST_MOVED = 1.3
ROWS_MOVED = 1.1
_AGAIN = "write a new one with: pgtune baseline -o FILE"


class _Header(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def update(old: Baseline, new: Baseline) -> Baseline:
    """`new`, with the old figures of every statement whose cost did not change in earnest."""
    before = {entry.fingerprint: entry for entry in old.statements}
    runs = Runs(pairs_of(old, new))
    speed = runs.speed()
    kept = tuple(_kept(before.get(entry.fingerprint), entry, runs, speed) for entry in new.statements)
    tables = {name: _kept_table(old.tables.get(name), table) for name, table in new.tables.items()}
    return msgspec.structs.replace(new, statements=kept, tables=tables)


def save(baseline: Baseline, path: Path) -> None:
    """Write the file whole or not at all; the same baseline gives the same bytes."""
    data = msgspec.json.format(msgspec.json.encode(baseline, order="sorted"), indent=2) + b"\n"
    write_whole(path, data, private=False)


def load(path: Path) -> Baseline:
    """A baseline file. UsageError, in one line, for one that is broken, of another kind, or of a newer version."""
    data = read_bytes(path)
    try:
        header = msgspec.json.decode(data, type=_Header)
        if header.kind != "baseline":
            raise UsageError(f"{path}: not a baseline (kind {header.kind[:40]!r})", _AGAIN)
        if header.schema_version != BASELINE_SCHEMA_VERSION:
            known = f"this pgtune reads version {BASELINE_SCHEMA_VERSION}"
            raise UsageError(f"{path}: a baseline of version {header.schema_version}; {known}", _AGAIN)
        baseline = msgspec.json.decode(data, type=Baseline)
    except msgspec.ValidationError as exc:
        raise UsageError(f"{path}: not a baseline: {exc}", _AGAIN) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: not JSON: {exc}", _AGAIN) from exc
    except RecursionError as exc:
        raise UsageError(f"{path}: nested too deeply", _AGAIN) from exc
    _verify(baseline, path)
    return baseline


def read_bytes(path: Path) -> bytes:
    """The file, at most MAX_BYTES of it. Raises UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES >> 20} MB")
    return data


def _verify(baseline: Baseline, path: Path) -> None:
    """What the types do not say: each statement once, every figure a cost."""
    seen: set[str] = set()
    for entry in baseline.statements:
        if entry.fingerprint in seen:
            raise UsageError(f"{path}: statement {entry.fingerprint[:40]!r} is there twice", _AGAIN)
        seen.add(entry.fingerprint)
        figures = [*msgspec.structs.astuple(entry.measurement), *entry.windows]
        figures = [each for each in figures if each is not None]
        if not all(isfinite(each) and each >= 0 for each in figures):
            raise UsageError(f"{path}: statement {entry.fingerprint[:40]!r} has a negative or infinite cost", _AGAIN)


def _kept(old: BaselineStatement | None, new: BaselineStatement, runs: Runs, speed: float) -> BaselineStatement:
    """The old entry, unless a signal says that the statement changed; its text and plan are those of now."""
    if old is None or old.over_threshold != new.over_threshold or len(new.windows) > len(old.windows):
        return new
    before, after = old.measurement, new.measurement
    around = Circumstances(
        tolerance=tolerance_of(RelativePolicy(), runs.likeness(new.fingerprint), after.calls), speed=speed
    )
    back = msgspec.structs.replace(around, speed=1 / speed)
    # fewer rows or WAL records are a change too, so both directions are asked
    found = [*signals(new.query, before, after, around), *signals(new.query, after, before, back)]
    slower = after.mean_exec_time_ms / speed
    fast, slow = sorted((before.mean_exec_time_ms, slower))
    time_moved = slow > TIME_MOVED * fast and slow - fast >= WORTH_A_WORD_MS
    if time_moved or not all(signal.time_only for signal in found):
        return new
    return msgspec.structs.replace(
        new,
        measurement=before,
        windows=old.windows,
        plan=_kept_plan(old.plan, new.plan),
        production_plan=_kept_plan(old.production_plan, new.production_plan),
    )


def _kept_plan(old: PlanSummary | None, new: PlanSummary | None) -> PlanSummary | None:
    """A cost moves with every ANALYZE: the same shape at about the same cost is the same plan."""
    if old is None or new is None or old.shape != new.shape:
        return new
    close = max(old.total_cost, new.total_cost) <= COST_MOVED * min(old.total_cost, new.total_cost)
    return old if close else new


def _kept_table(old: TableState | None, new: TableState) -> TableState:
    """Both figures, as long as neither moved."""
    if old is None or not (_close(old.rows, new.rows) and _close(old.pages, new.pages)):
        return new
    return msgspec.structs.replace(new, rows=old.rows, pages=old.pages)


def _close(old: float | None, new: float | None) -> bool:
    if not old or not new:
        return old == new
    return max(old, new) <= ROWS_MOVED * min(old, new)

"""The baseline file: what every statement cost, small, sorted, without literals, made for a diff in a repository."""

from math import isfinite
from pathlib import Path

import msgspec

from pgtune_cli import __version__
from pgtune_cli.compare.measure import measure
from pgtune_cli.compare.policy import policy_of
from pgtune_cli.compare.signals import Windows, signals
from pgtune_cli.errors import UsageError
from pgtune_cli.model.comparison import BASELINE_SCHEMA_VERSION, Baseline, BaselineStatement
from pgtune_cli.model.statement import Statement
from pgtune_cli.resources import write_whole
from pgtune_cli.settings import Settings
from pgtune_cli.sql.fingerprint import normalise

MAX_BYTES = 64 << 20
TIME_MOVED = 2.0
"""a mean that moved by less is noise, and stays out of the diff."""
_AGAIN = "write a new one with: pgtune baseline -o FILE"


class _Header(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def make_baseline(statements: tuple[Statement, ...], settings: Settings) -> Baseline:
    """Sorted by fingerprint; texts normalised, figures rounded."""
    entries = [_entry(statement, settings) for statement in statements]
    return Baseline(
        pgtune_version=__version__,
        slow_query_threshold_ms=float(settings.slow_query_threshold_ms),
        statements=tuple(sorted(entries, key=lambda entry: entry.fingerprint)),
    )


def update(old: Baseline, new: Baseline) -> Baseline:
    """`new`, with the old figures of every statement whose cost did not change in earnest."""
    before = {entry.fingerprint: entry for entry in old.statements}
    pairs = {e.fingerprint: (before[e.fingerprint].measurement, e.measurement) for e in new.statements
             if e.fingerprint in before}  # fmt: skip
    windows = Windows(pairs)
    speed = windows.speed()
    kept = tuple(_kept(before.get(entry.fingerprint), entry, windows, speed) for entry in new.statements)
    return msgspec.structs.replace(new, statements=kept)


def save(baseline: Baseline, path: Path) -> None:
    """Write the file whole or not at all; the same baseline gives the same bytes."""
    data = msgspec.json.format(msgspec.json.encode(baseline, order="sorted"), indent=2) + b"\n"
    write_whole(path, data, private=False)


def load(path: Path) -> Baseline:
    """A baseline file. UsageError, in one line, for one that is broken, of another kind, or of a newer version."""
    data = _read(path)
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}", _AGAIN) from exc
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
        figures = (each for each in msgspec.structs.astuple(entry.measurement) if each is not None)
        if not all(isfinite(each) and each >= 0 for each in figures):
            raise UsageError(f"{path}: statement {entry.fingerprint[:40]!r} has a negative or infinite cost", _AGAIN)


def _entry(statement: Statement, settings: Settings) -> BaselineStatement:
    normalised = normalise(statement.query)
    policy = policy_of(statement.fingerprint, normalised, settings)
    return BaselineStatement(
        fingerprint=statement.fingerprint,
        query=normalised,
        over_threshold=policy.over(statement.mean_exec_time_ms, statement.calls),
        measurement=measure(statement),
    )


def _kept(old: BaselineStatement | None, new: BaselineStatement, windows: Windows, speed: float) -> BaselineStatement:
    """The old entry, unless a signal says that the statement changed."""
    if old is None or old.over_threshold != new.over_threshold:
        return new
    before, after = old.measurement, new.measurement
    replay = windows.replays(new.fingerprint)
    # fewer rows or WAL records are a change too, so both directions are asked
    found = [*signals(new.query, before, after, replay, speed), *signals(new.query, after, before, replay, 1 / speed)]
    slower = after.mean_exec_time_ms / speed
    time_moved = max(before.mean_exec_time_ms, slower) > TIME_MOVED * min(before.mean_exec_time_ms, slower)
    if time_moved or not all(signal.time_only for signal in found):
        return new
    return msgspec.structs.replace(old, query=new.query)

"""Files that `pgtune diff` takes, each as one run: a baseline, a report, a snapshot."""

from pathlib import Path

import msgspec

from pgtune_cli.compare.baseline import load as load_baseline
from pgtune_cli.compare.baseline import read_bytes
from pgtune_cli.compare.measure import measure
from pgtune_cli.compare.plan_summary import summarise
from pgtune_cli.errors import UsageError
from pgtune_cli.model.comparison import Baseline, BaselineStatement
from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.fingerprint import normalise


class _Header(msgspec.Struct):
    kind: str = ""
    schema_version: int = 0


def kind_of(path: Path) -> str:
    """baseline, report or snapshot. Raises UsageError for anything that pgtune did not write."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
    if start.lstrip()[:1] != b"{":
        return "snapshot"
    data = read_bytes(path)
    try:
        header = msgspec.json.decode(data, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(f"{path}: not JSON: {exc}") from exc
    if header.kind not in ("baseline", "report", "snapshot"):
        raise UsageError(
            f"{path}: a file of kind {header.kind[:40]!r} cannot be compared", "two snapshots, reports or baselines can"
        )
    return header.kind


def load_run(path: Path, kind: str) -> Baseline:
    """A baseline or a report as a run. Raises UsageError."""
    return load_baseline(path) if kind == "baseline" else _of_report(_report(path))


def _report(path: Path) -> Report:
    try:
        return msgspec.json.decode(read_bytes(path), type=Report)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise UsageError(f"{path}: not a report of this version: {exc}") from exc


def _of_report(report: Report) -> Baseline:
    return Baseline(
        pgtune_version=report.pgtune_version,
        database=report.server.database,
        slow_query_threshold_ms=float("inf"),
        settings=report.server.settings,
        findings=tuple(finding.id for finding in report.findings),
        statements=tuple(sorted(map(_statement, report.statements), key=lambda entry: entry.fingerprint)),
    )


def _statement(one: ReportStatement) -> BaselineStatement:
    counted = Statement(
        fingerprint=one.fingerprint,
        query=one.query,
        calls=one.calls,
        total_exec_time_ms=one.total_exec_time_ms,
        mean_exec_time_ms=one.mean_exec_time_ms,
        stddev_exec_time_ms=one.stddev_exec_time_ms,
        rows=one.rows,
        shared_blks_hit=one.shared_blks_hit,
        shared_blks_read=one.shared_blks_read,
        temp_blks_written=one.temp_blks_written,
    )
    plan = summarise(one.plans[0].plan, {}) if one.plans else None
    return BaselineStatement(
        fingerprint=one.fingerprint,
        query=normalise(one.query),
        measurement=measure(counted),
        tables=plan.relations if plan else (),
        plan=plan,
    )

"""The figures that the HTML report draws: each is a table first, the page makes the picture from it."""

import math
from itertools import accumulate

import msgspec

from pgtune_cli.model.report import Report, ReportStatement
from pgtune_cli.report.actions import offered
from pgtune_cli.report.format import cost, count, number_of, percent, size
from pgtune_cli.report.headline import headline

_MOST = 20
"""rows of a figure; more is no picture"""
_LABEL = 70


class Row(msgspec.Struct, frozen=True):
    """`values` are drawn, `shown` is what is read."""

    label: str
    anchor: str
    values: tuple[float, ...]
    shown: tuple[str, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    title: str
    says: str
    """what there is to see, in a sentence."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def charts(report: Report) -> tuple[Chart, ...]:
    """Those that have something to show."""
    made = (_cumulative(report), _frontier(report), _before_after(report), _buffers(report))
    return tuple(chart for chart in made if len(chart.rows) > 0)


def _anchor(fingerprint: str) -> str:
    return f"statement-{fingerprint}"


def _label(statement: ReportStatement) -> str:
    return headline(statement.query, _LABEL)


def _counted_once(statement: ReportStatement) -> float:
    """The share that is no part of another statement's."""
    total = statement.total_exec_time_ms
    return statement.share_of_time * (1 - statement.nested_exec_time_ms / total) if total else 0.0


def _cumulative(report: Report) -> Chart:
    ordered = sorted(report.statements, key=lambda statement: -statement.share_of_time)
    sums = list(accumulate(_counted_once(statement) for statement in ordered))
    rows = tuple(
        Row(
            _label(one),
            _anchor(one.fingerprint),
            (one.share_of_time, total),
            (percent(one.share_of_time), percent(total)),
        )
        for one, total in zip(ordered[:_MOST], sums, strict=False)
    )
    half = next((number for number, total in enumerate(sums, 1) if total >= 0.5), None)
    says = (
        f"{number_of(half, 'statement')} of {len(ordered)} {'takes' if half == 1 else 'take'} half of the time."
        if half
        else f"The statements shown take {percent(sums[len(rows) - 1])} of the time." if rows else ""
    )  # fmt: skip
    return Chart(
        kind="cumulative",
        title="Time by statement",
        says=says,
        columns=("of the time", "with those before it"),
        rows=rows,
    )


def _frontier(report: Report) -> Chart:
    advice = report.indexes
    before = advice.workload_cost_before or 0.0
    net = [(number, index, max(index.benefit - index.write_cost, 0.0)) for number, index in enumerate(advice.chosen, 1)]
    net.sort(key=lambda one: (-one[2] / max(one[1].size_bytes, 1), one[0]))
    rows = []
    stored, saved = 0.0, 0.0
    for number, index, gain in net if before > 0 else ():
        stored, saved = stored + index.size_bytes, saved + gain / before
        label = f"{index.relation} ({', '.join(index.columns)})"
        rows.append(Row(label, f"index-{number}", (stored, saved), (size(stored), percent(saved))))
    return Chart(
        kind="frontier",
        title="Benefit against storage",
        says="Indexes in the order of what they save for each byte: where the line turns flat, room buys little.",
        columns=("storage so far", "planned cost saved so far"),
        rows=tuple(rows),
    )


def _before_after(report: Report) -> Chart:
    known = {statement.fingerprint: statement for statement in report.statements}
    costs: dict[str, tuple[float, float]] = {}
    for index in report.indexes.chosen:
        for benefit in index.statements:
            # one plan before and after: another index may be used with other values
            pair = benefit.cost_before, benefit.cost_after
            costs[benefit.fingerprint] = max(
                costs.get(benefit.fingerprint, pair), pair, key=lambda one: one[0] - one[1]
            )
    for rewrite in offered(report):
        if rewrite.cost_before is not None and rewrite.cost_after is not None:
            costs.setdefault(rewrite.statement, (rewrite.cost_before, rewrite.cost_after))
    found = [(known[key], *pair) for key, pair in costs.items() if key in known and all(map(math.isfinite, pair))]
    found.sort(key=lambda one: (-one[0].calls * (one[1] - one[2]), one[0].fingerprint))
    return Chart(
        kind="before-after",
        title="Cost before and after",
        says="Planned cost of one call as it is, and with the advice. The scale is logarithmic.",
        columns=("cost before", "cost after"),
        rows=tuple(
            Row(_label(one), _anchor(one.fingerprint), (before, after), (cost(before), cost(after)))
            for one, before, after in found[:_MOST]
        ),
    )


def _buffers(report: Report) -> Chart:
    def blocks(statement: ReportStatement) -> int:
        return statement.shared_blks_hit + statement.shared_blks_read

    ordered = sorted((one for one in report.statements if blocks(one)), key=lambda one: (-blocks(one), one.fingerprint))
    whole = sum(map(blocks, ordered))
    read = sum(one.shared_blks_read for one in ordered)
    return Chart(
        kind="buffers",
        title="Blocks hit and read",
        says=f"{percent(read / whole)} of {count(whole)} blocks did not come from shared buffers." if whole else "",
        columns=("hit", "read"),
        rows=tuple(
            Row(
                _label(one), _anchor(one.fingerprint), (one.shared_blks_hit, one.shared_blks_read),
                (count(one.shared_blks_hit), count(one.shared_blks_read)),
            )
            for one in ordered[:12]
        ),
    )  # fmt: skip

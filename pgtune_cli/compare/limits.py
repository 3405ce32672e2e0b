"""What breaks a limit of the policy: each a reason, with both numbers. Nothing is compared with time here."""

from collections.abc import Iterator, Mapping

from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.policy import Policy
from pgtune_cli.compare.signals import said
from pgtune_cli.compare.tolerance import Bound, above
from pgtune_cli.model.check_policy import PlanPolicy, StatisticsPolicy
from pgtune_cli.model.comparison import BaselineStatement, PlanSummary


def absolute_reasons(entry: BaselineStatement, policy: Policy, old: BaselineStatement | None) -> Iterator[str]:
    """Limits that the statement is over, unless it was in the baseline already."""
    now, then = entry.measurement, old.measurement if old else None
    plan, old_plan = entry.plan, old.plan if old else None
    limits = policy.absolute
    figures = (
        (
            "ms of mean execution time",
            limits.mean_exec_time_ms,
            now.mean_exec_time_ms,
            then.mean_exec_time_ms if then else None,
        ),
        ("blocks per call", limits.blocks_per_call, now.blocks_per_call, then.blocks_per_call if then else None),
        ("rows per call", limits.rows_per_call, now.rows_per_call, then.rows_per_call if then else None),
        ("calls", limits.calls, now.calls, then.calls if then else None),
        (
            "total cost",
            limits.total_cost,
            plan.total_cost if plan else None,
            old_plan.total_cost if old_plan else None,
        ),
    )
    for what, limit, value, before in figures:
        if limit is None or value is None or value <= limit:
            continue
        if before is not None and before > limit:
            continue
        yield f"{figure(value)} {what} are over the limit of {figure(limit)}"


def plan_reasons(
    now: PlanSummary | None,
    then: PlanSummary | None,
    policy: PlanPolicy,
    gone_indexes: frozenset[str],
    bytes_of: Mapping[str, int],
) -> Iterator[str]:
    """`then` is None for a statement that the baseline does not know: then everything that it does is new."""
    if now is None:
        return
    if policy.index_lost and then is not None:
        yield from _lost(now, then, gone_indexes)
    scans = set(now.seq_scans) - set(then.seq_scans if then else ())
    for table in sorted(scans):
        size = bytes_of.get(table, 0)
        if policy.seq_scan_above is not None and size >= policy.seq_scan_above:
            yield f"its plan reads {table} sequentially, {figure(size / 2**20)} MB"
    for node in policy.nodes:
        if node in now.nodes and (then is None or node not in then.nodes):
            yield f"its plan has a node that the policy forbids: {node}"


def _lost(now: PlanSummary, then: PlanSummary, gone: frozenset[str]) -> Iterator[str]:
    lost = sorted(set(then.indexes) & gone)
    dearer = now.total_cost > 1.1 * then.total_cost or bool(set(now.seq_scans) - set(then.seq_scans))
    if lost and dearer:
        yield f"index {', '.join(lost)}, which its plan used, is gone"


def spill_reasons(entry: BaselineStatement, old: BaselineStatement | None, policy: PlanPolicy) -> Iterator[str]:
    now = entry.measurement.temp_blocks_per_call
    if policy.spill and now > 0 and not (old and old.measurement.temp_blocks_per_call > 0):
        yield f"it writes {figure(now)} temporary blocks a call"


def cost_reasons(now: PlanSummary | None, then: PlanSummary | None, bound: Bound | None) -> Iterator[str]:
    if bound is not None and now and then and above(then.total_cost, now.total_cost, bound):
        yield said("total cost", then.total_cost, now.total_cost)


def statistics_reasons(
    now: PlanSummary | None,
    then: PlanSummary | None,
    known: bool,
    policy: StatisticsPolicy,
    bytes_of: Mapping[str, int],
) -> Iterator[str]:
    """By production's statistics, on the clone: `then` on production's schema or in the baseline, `now` on this one.

    `known`: production or the baseline runs this statement already, so that its plan is nobody's news.
    """
    if now is None:
        return
    if not known and policy.selective_scan_above is not None:
        for table in now.selective_scans:
            size = bytes_of.get(table, 0)
            if size >= policy.selective_scan_above:
                said_size = f"{figure(size / 2**20)} MB"
                yield f"with production's statistics it reads all of {table} ({said_size}) for few of its rows"
    if then is None or policy.cost is None:
        return
    if now.total_cost > max(policy.cost * then.total_cost, policy.min_cost):
        yield f"with production's statistics: {said('total cost', then.total_cost, now.total_cost)}"

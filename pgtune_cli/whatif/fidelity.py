"""How far the clone's plans are those of the source: same shape, cost within 5 %, or the reason why not."""

import msgspec

from pgtune_cli.explain.derive import shape_of
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.plan import Fidelity, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.clone import Clone
from pgtune_cli.whatif.protocol import Cost, CostRequest

TOLERANCE = 0.05
EXACT = 1e-4
TIE = "two plans cost the same, and the planner may take either"
OF_SOURCE = ("server", "snapshot")


async def with_fidelity(analysis: Analysis, clone: Clone) -> Analysis:
    """The analysis with the clone's plan compared to the source's for each statement; the unplannable ones skipped."""
    of_source = {}
    for fingerprint, plans in analysis.plans.items():
        pair = _request(plans, analysis.snapshot.server.user)
        if pair is not None:
            of_source[fingerprint] = pair
    costs = await clone.costs([request for request, _ in of_source.values()])
    causes = Causes(clone.snapshot, clone.lost)
    compared, skipped = dict(analysis.plans), list(analysis.skipped)
    for (fingerprint, (request, plan)), cost in zip(of_source.items(), costs, strict=True):
        if isinstance(cost, str):
            skipped.append(Skipped(f"what-if plans of statement {fingerprint}", f"the clone cannot plan it: {cost}"))
            continue
        found = compare(plan, cost, causes, request.prepared.sql)
        compared[fingerprint] = msgspec.structs.replace(compared[fingerprint], fidelity=found)
    return msgspec.structs.replace(analysis, plans=compared, skipped=tuple(skipped))


def _request(plans: StatementPlans, login: str) -> tuple[CostRequest, StatementPlan] | None:
    """The plan of record on the source, and the same question for the clone."""
    if plans.prepared is None:
        return None
    sets = {values.name: values for values in plans.prepared.value_sets}
    for plan in plans.plans:
        if plan.source in OF_SOURCE and plan.parameters.name in sets:
            return CostRequest(prepared=plans.prepared, values=sets[plan.parameters.name], role=login), plan
    return None


def compare(source: StatementPlan, clone: Cost, causes: Causes, sql: str) -> Fidelity:
    """Both planned with the same values. `reason` is None where shape and cost agree."""
    same_shape = shape_of(source.plan) == shape_of(clone.plan)
    tie = not same_shape and abs(clone.total_cost - source.total_cost) <= EXACT * source.total_cost
    close = abs(clone.total_cost - source.total_cost) <= TOLERANCE * max(source.total_cost, 0.01)
    return Fidelity(
        same_shape=same_shape,
        cost_server=source.total_cost,
        cost_clone=clone.total_cost,
        reason=None if same_shape and close else TIE if tie else causes.of(sql, (source.plan, clone.plan)),
    )

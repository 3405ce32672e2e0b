"""Is a rewritten text cheaper in the planner's eyes? Asked of the what-if planner, same values on both sides."""

from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.rewrite.outcome import Context
from pgtune_cli.rewrite.parameters import inlined, renumber
from pgtune_cli.whatif.protocol import Cost, CostRequest

GENERIC = ValueSet(name="generic", origin="generic")


async def planned_costs(
    context: Context,
    prepared: Prepared,
    before: str,
    after: str,
    candidate: CandidateIndex | None = None,
    *,
    equal_is_fine: bool = False,
) -> tuple[float | None, float | None] | str:
    """Costs before and after, None where they cannot be told; a sentence where the text is no cheaper.

    Both texts have the parameters of `prepared`, `after` perhaps more behind them, which then are planned generically.
    """
    whatif = context.whatif
    if whatif is None:
        return None, None
    indexes = frozenset({candidate} if candidate is not None else ())
    if indexes:
        size = (await whatif.create(indexes))[next(iter(indexes))]
        if isinstance(size, str):
            return f"the index that it needs cannot be built: {size}"
    requests = [
        CostRequest(prepared=_request(prepared, before), values=GENERIC),
        CostRequest(prepared=_request(prepared, after), values=GENERIC, indexes=indexes),
    ]
    found = await whatif.costs(requests)
    if not (isinstance(found[0], Cost) and isinstance(found[1], Cost)):
        return None, None
    costs = found[0].total_cost, found[1].total_cost
    if costs[1] < costs[0] or (equal_is_fine and costs[1] <= costs[0] * 1.01):
        return costs
    return f"the planner finds it no cheaper: cost {costs[0]:,.0f} as it is, {costs[1]:,.0f} rewritten"


def _request(prepared: Prepared, sql: str) -> Prepared:
    """The text with the values of record in place of the original's parameters; those behind them stay open."""
    values = prepared.value_sets[0].values if prepared.value_sets else None
    if values is not None:
        sql = inlined(sql, values, prepared.parameter_types, keep=len(values))
    sql, numbers = renumber(sql)
    types = ("unknown",) * len(numbers)  # as many as there are; the server finds out which
    return Prepared(fingerprint=prepared.fingerprint, sql=sql, parameter_types=types, value_sets=(GENERIC,))

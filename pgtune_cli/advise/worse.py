"""What the chosen set does that nobody asked for: statements that get dearer, or slower though they get cheaper."""

from collections.abc import Mapping, Sequence

from pgtune_cli.advise.costs import StatementCost
from pgtune_cli.advise.selection import Selected
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import WorseStatement

LEAST_RISE = 1.001
"""below it is what the statistics of one more index are worth"""


def worse(items: Sequence[Item], base: Mapping[str, StatementCost], selected: Selected) -> tuple[WorseStatement, ...]:
    """Those whose cost rises, most first, then those where cost and time disagree."""
    dearer = [_dearer(item, base, selected) for item in items]
    ordered = sorted(
        (each for each in dearer if each is not None),
        key=lambda each: (each.cost_before / max(each.cost_after, 1e-9), each.fingerprint),
    )
    slower = [
        WorseStatement(
            fingerprint=each.item.fingerprint,
            cost_before=base[each.item.fingerprint].cost,
            cost_after=selected.costs[each.item.fingerprint].cost,
            time_factor=each.factor,
            foreign_key=each.item.derived,
            reason=f"cost and time disagree: it is predicted to be {each.told()}",
        )
        for each in selected.slower
    ]
    slower += [
        WorseStatement(
            fingerprint=key,
            cost_before=base[key].cost,
            cost_after=selected.costs[key].cost,
            reason=f"a new index may do it harm: {one.told()}",
        )
        for key, one in {each.item.fingerprint: each for each in selected.gambles.values()}.items()
        if one.used & selected.chosen & selected.costs[key].used
    ]
    told = {each.fingerprint for each in slower}
    return (*(each for each in ordered if each.fingerprint not in told), *slower)


def _dearer(item: Item, base: Mapping[str, StatementCost], selected: Selected) -> WorseStatement | None:
    before, after = base[item.fingerprint].cost, selected.costs[item.fingerprint].cost
    if after <= before * LEAST_RISE:
        return None
    reason = f"its cost rises by {after / max(before, 1e-9) - 1:.1%}"
    return WorseStatement(
        fingerprint=item.fingerprint,
        cost_before=before,
        cost_after=after,
        reason=reason,
        foreign_key=item.derived,
    )

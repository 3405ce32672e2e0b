"""What an index is credited with: statements, with the values whose plan uses it, and its share of what that saves."""

from collections.abc import Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import StatementCost
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.index import CandidateIndex, ForeignKeyBenefit, StatementBenefit


class Benefit(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that gains by an index."""

    item: Item
    before: float
    """a call, with the values whose plan uses the index."""
    after: float
    own: float
    """cost units a call, over all its values: what is saved, shared with the other new indexes of the same plan."""
    whole: float
    """a call before, over all its values."""
    part: float
    """of `whole`, that the values whose plan uses it make up."""
    places: tuple[int, ...]
    """of those values among the item's."""

    @property
    def saved(self) -> float:
        """Planner cost over the window, weighted by calls."""
        return max(self.item.statement.calls, 1) * self.own

    @property
    def fall(self) -> float:
        """Cost units a call over all its values: `own`, and that of the other new indexes of the same plans."""
        return self.whole * self.part * (1 - self.after / self.before)

    @property
    def named(self) -> tuple[str, ...]:
        """The sets of values, where the plans of others do not use it."""
        if len(self.places) == len(self.item.values):
            return ()
        return tuple(self.item.values[place][0].name for place in self.places)

    def told(self) -> StatementBenefit | ForeignKeyBenefit:
        key = self.item.foreign_key
        if key is not None:
            return ForeignKeyBenefit(
                name=key.name, relation=str(key.table), references=str(key.references), cost_before=self.before,
                cost_after=self.after, calls=self.item.statement.calls,
            )  # fmt: skip
        return StatementBenefit(
            fingerprint=self.item.fingerprint, cost_before=self.before, cost_after=self.after,
            calls=self.item.statement.calls, values=self.named, saved=self.own / self.whole if self.whole > 0 else 0.0,
        )  # fmt: skip


def credited(
    candidate: CandidateIndex,
    items: Sequence[Item],
    base: Mapping[str, StatementCost],
    now: Mapping[str, StatementCost],
) -> list[Benefit]:
    """Of the statements that have a cheaper plan with it than without any new index; what saves most first."""
    found = (_benefit(candidate, item, base[item.fingerprint], now[item.fingerprint]) for item in items)
    benefits = (each for each in found if each is not None)
    return sorted(benefits, key=lambda benefit: (-benefit.saved, benefit.item.fingerprint))


def _benefit(candidate: CandidateIndex, item: Item, base: StatementCost, now: StatementCost) -> Benefit | None:
    pairs = enumerate(zip(base.sets, now.sets, item.values, strict=True))
    planned = [(place, was, new, weight) for place, (was, new, (_, weight)) in pairs if was and new]
    total = sum(weight for *_, weight in planned)
    mine = [each for each in planned if candidate in each[2].used and each[2].cost < each[1].cost]
    if not mine:
        return None
    weights = sum(weight for *_, weight in mine)
    before = sum(was.cost * weight for _, was, _, weight in mine)
    return Benefit(
        item=item,
        before=before / weights,
        after=sum(new.cost * weight for _, _, new, weight in mine) / weights,
        own=sum((was.cost - new.cost) / len(new.used) * weight for _, was, new, weight in mine) / total,
        whole=base.cost,
        part=before / total / base.cost if base.cost > 0 else 1.0,
        places=tuple(place for place, *_ in mine),
    )

"""What selection starts from, and how it counts: what an index must save, and which changes are noise."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.advise.costs import CostTable, StatementCost
from pgtune_cli.advise.program import Limits
from pgtune_cli.advise.shelf import Shelf
from pgtune_cli.advise.value import Values
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex

MIN_GAIN = 0.005
"""of the whole workload: measured times move by more from one day to the next, and each index is one more to keep"""
MIN_GAIN_CORE = 0.01
"""of one core's time over the window: that is worth an index on a server so busy that MIN_GAIN is more"""
MIN_LOAD = 0.0001
"""of one core's time: less, nine seconds a day, is worth no index, however little else there is to do"""
LEAST_CALLS = 10
"""a second, of a server in use: a window with fewer was idle for the rest of it"""
PREDICTED = 0.6
"""of the measured time that a set is predicted to leave: it left 0.5 to 0.85 of that. A second run, with the set in
place, measures what is left, and would ask for what this one held to be too little"""
NEGLIGIBLE = 0.001
"""of the whole workload: the difference between two indexes that do the same"""
MIN_LEAD = 0.2
"""of the cost of at least one statement, beside the other indexes: the planner is no better (facts/time-model.md)"""
CLEAR_LEAD = 0.4
MARGINAL = 0.05
"""of the measured time: what an index must save that takes CLEAR_LEAD off no statement; healthy schemas have such"""
MIN_COVERING = 0.02
"""of the measured time: what columns that are only held along must save"""
MIN_COVERING_COST = 100.0
"""cost units a call, 25 random pages"""
MIN_SAVING = 0.05
"""of a statement's cost: what counts of the others"""
MIN_SAVING_COST = 10.0
"""cost units a call, two or three random pages: below it the difference between look-ups is noise"""
FLAT = 0.001
"""of a difference that is noise: it decides where nothing else does"""
MUCH_DEARER = 1.25
"""a statement that costs so many times as much, and MIN_SAVING_COST more, is not served as well"""

Change = tuple[Item, float, float]
"""a statement, its cost before and after."""


class Problem(msgspec.Struct, kw_only=True):
    """What selection starts from; all but `level` stays as it is."""

    items: Sequence[Item]
    base: Mapping[str, StatementCost]
    """fingerprint -> cost without any candidate; every item has one."""
    shelf: Shelf
    values: Values
    limits: Limits = Limits()
    best: Mapping[str, float]
    """fingerprint -> cost with every candidate there is."""
    table_bytes: Mapping[RelationName, int]
    allow_worse: bool = False
    """a set is chosen for the sum alone; what it makes dearer or slower is listed."""
    window_seconds: float | None = None
    """of the measured times, more than 0."""
    level: float = 0.0
    """the worth that shares are taken of: of the workload as it is, later of what a set leaves of it."""

    whole: float = 0.0
    """the first of them."""

    def __post_init__(self) -> None:
        self.whole = self.level = self.level_of({key: each.cost for key, each in self.base.items()})

    def level_of(self, costs: Mapping[str, float]) -> float:
        """`costs` by fingerprint."""
        return self.values.ordinary((item, costs[item.fingerprint]) for item in self.items)

    @property
    def _least_level(self) -> float:
        """What is left by then, at the least."""
        return self.level * (PREDICTED if self.values.timed and self.level < self.whole else 1.0)

    @property
    def floor(self) -> float:
        """What an index must save to be worth having, upkeep taken off."""
        share = MIN_GAIN * self._least_level
        if not self.values.timed or self.window_seconds is None:
            return share
        calls = sum(item.statement.calls for item in self.items)
        window = _about(self.window_seconds)
        in_use = min(window, calls / LEAST_CALLS)
        return max(min(share, MIN_GAIN_CORE * window * 1000), MIN_LOAD * in_use * 1000)

    @property
    def negligible(self) -> float:
        return min(NEGLIGIBLE * self._least_level, self.floor)

    def counts(self, _: Item, before: float, after: float) -> bool:
        """Whether a saving is more than noise."""
        return before - after >= max(MIN_SAVING * before, MIN_SAVING_COST)

    def plain_worth(self, item: Item, cost: float) -> float:
        return self.values.of(item, cost)

    def worth(self, item: Item, cost: float) -> float:
        """The same without what is noise: savings too small to count, and differences between plans that do as well."""
        base, best = self.base[item.fingerprint].cost, self.best[item.fingerprint]
        if cost <= base and not self.counts(item, base, cost):
            cost = base
        flat = best + MIN_SAVING_COST
        return self.values.of(item, cost if cost >= flat else flat - FLAT * (flat - cost))

    def price(self, candidate: CandidateIndex) -> float:
        """Upkeep, and what makes one index better than two, a small one better than a large one, that do as well.

        Columns that are only held along must save by themselves what an index must.
        """
        table = max(self.table_bytes.get(candidate.table, 0), self.shelf.sizes[candidate], 1)
        covering = max(self.floor, MIN_COVERING * self._least_level if self.values.timed else 0.0)
        size = self.negligible * (1 + 2 * self.shelf.sizes[candidate] / table)
        return self.upkeep_of([candidate]) + size + (covering if candidate.include else 0.0)

    def is_worth_covering(self, changes: Iterable[Change]) -> bool:
        """Whether an index-only scan saves more than rows that are in memory anyway: of measured workloads."""
        return not self.values.timed or any(before - after >= MIN_COVERING_COST for _, before, after in changes)

    def saved(self, changes: Iterable[Change]) -> float:
        """Worth of the changes that an index makes; 0 when none is beyond doubt."""
        total, lead = self._weighed(changes)
        return min(0.0, total) if lead < MIN_LEAD or self._is_marginal(total, lead) else total

    def marginal(self, changes: Iterable[Change]) -> str | None:
        """In words what is saved, where that decides: no statement gets so much cheaper that it is beyond doubt."""
        total, lead = self._weighed(changes)
        if lead < MIN_LEAD or total <= 0 or not self._is_marginal(total, lead):
            return None
        part = MARGINAL * self._least_level / self.level
        must = f"where no statement's cost falls by {CLEAR_LEAD:.0%} it must save {part:.0%} of that"
        return f"it takes {lead:.0%} off a statement's cost, and saves {self.told(total)}; {must}"

    def _weighed(self, changes: Iterable[Change]) -> tuple[float, float]:
        """What they are worth, and the largest fraction that falls off a statement."""
        counted = [each for each in changes if each[2] >= each[1] or self.counts(*each)]
        total = sum(self.values.of(item, before - after) for item, before, after in counted)
        return total, max((1 - after / before for _, before, after in counted if before > after), default=0.0)

    def _is_marginal(self, total: float, lead: float) -> bool:
        return self.values.timed and lead < CLEAR_LEAD and total < MARGINAL * self._least_level

    def upkeep_of(self, configuration: Iterable[CandidateIndex]) -> float:
        return sum(self.shelf.upkeep[each] for each in configuration) * self.values.per_cost

    def size_of(self, configuration: Iterable[CandidateIndex]) -> int:
        return sum(self.shelf.sizes[each] for each in configuration)

    def fits(self, configuration: Sequence[CandidateIndex]) -> bool:
        """Whether the user allows it."""
        limits = self.limits
        tables = Counter(each.table for each in configuration)
        return (
            (limits.bytes_ is None or self.size_of(configuration) <= limits.bytes_)
            and (limits.indexes is None or len(configuration) <= limits.indexes)
            and (limits.per_table is None or all(count <= limits.per_table for count in tables.values()))
        )

    def told(self, gain: float) -> str:
        """A gain in words: its share, and the time where it was measured."""
        what = "the workload" if self.level == self.whole else "what the chosen indexes leave of the workload"
        return f"{self.share_of(gain)} of {what}" + self._in_time(gain)

    def floor_told(self) -> str:
        """What an index must save, after a gain was told."""
        return f"{self.share_of(self.floor)} of that" + self._in_time(self.floor)

    def share_of(self, gain: float) -> str:
        whole = self.values.total if self.level == self.whole else self.level
        return f"{gain / whole if whole else 0.0:.2%}"

    def _in_time(self, gain: float) -> str:
        return f" ({_seconds(gain)})" if self.values.timed else ""


def best_of(item: Item, base: Mapping[str, StatementCost], costs: CostTable) -> float:
    """With every candidate that there is."""
    return min(base[item.fingerprint].cost, *(answer.cost for _, answer in costs.planned(item)))


def served_as_well(changes: Iterable[Change]) -> bool:
    """Whether no statement becomes much dearer."""
    return not any(after > before * MUCH_DEARER + MIN_SAVING_COST for _, before, after in changes)


def name_of(members: Iterable[CandidateIndex]) -> str:
    """Any stable order."""
    return " ".join(sorted(msgspec.json.encode(each).decode() for each in members))


def _about(seconds: float) -> float:
    """The power of two below: two readings a moment apart, of a file and of its server, must give the same advice."""
    return 2.0 ** math.floor(math.log2(seconds))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:,.1f} s" if milliseconds >= 1000 else f"{milliseconds:,.0f} ms"

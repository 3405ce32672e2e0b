"""The exact choice: which indexes to have, and with them which option of each statement; a program for HiGHS."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex

if TYPE_CHECKING:
    import highspy

SCALE = 1e6
"""the objective is brought to this size, so that HiGHS's absolute tolerances mean the same for every workload"""
RELATIVE_GAP = 1e-4
MOST_NODES = 2000
"""of its search tree: an end that every machine comes to with the same answer, however busy it is"""


class Option(msgspec.Struct, frozen=True):
    """One way to run a statement: what it is worth, and what it asks of the chosen set."""

    cost: float
    needs: frozenset[CandidateIndex] = frozenset()
    absent: frozenset[CandidateIndex] = frozenset()
    """none of these may be chosen: of a bound, which holds only without them."""
    some: tuple[frozenset[CandidateIndex], ...] = ()
    """of each of these at least one is chosen."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the user allows."""

    bytes_: int | None = None
    indexes: int | None = None
    per_table: int | None = None


class Cut(msgspec.Struct, frozen=True):
    """Sets that are not wanted: where a statement has no option that is worth less than `cost`, those that hold all."""

    statement: int
    """its place."""
    cost: float
    needs: frozenset[CandidateIndex]


class Answer(msgspec.Struct, frozen=True):
    """The best choice, the place of each statement's option in it, what it is worth, and the proven lower bound."""

    chosen: frozenset[CandidateIndex]
    options: tuple[int, ...]
    worth: float
    bound: float


class Program:
    """`statements` has the options of each (at least one of them with no needs); `prices` is what each index costs."""

    def __init__(
        self,
        statements: Sequence[Sequence[Option]],
        prices: Mapping[CandidateIndex, float],
        sizes: Mapping[CandidateIndex, int],
        limits: Limits,
        forbidden: frozenset[CandidateIndex] = frozenset(),
        cuts: Iterable[Cut] = (),
    ) -> None:
        self._forbidden = forbidden
        self._statements = [list(options) for options in statements]
        self._indexes = _mentioned(self._statements)
        self._columns = {index: number for number, index in enumerate(self._indexes)}
        self._costs = [prices[index] for index in self._indexes]
        self._rows: list[tuple[float, list[tuple[int, float]], float]] = []
        self._y: list[list[int]] = []
        for options in self._statements:
            self._add_statement(options)
        self._add_limits(sizes, limits)
        for cut in cuts:
            self._add_cut(cut)

    def solve(self, seconds: float = math.inf) -> Answer:
        """The optimum; after MOST_NODES, or `seconds`, the best found, with the bound proven by then."""
        from highspy._core import _Highs

        highs = _Highs()  # highspy.Highs() greets on stdout before it can be told not to
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("mip_rel_gap", RELATIVE_GAP)
        highs.setOptionValue("mip_max_nodes", MOST_NODES)
        highs.setOptionValue("time_limit", seconds)
        highs.setOptionValue("threads", 1)
        scale = SCALE / max(sum(max(each.cost for each in options) for options in self._statements), 1e-9)
        highs.passModel(self._model(scale))
        highs.run()
        values = list(highs.getSolution().col_value)
        info = highs.getInfo()
        if len(values) != len(self._costs):  # out of time without any solution
            return Answer(frozenset(), tuple(_free(each) for each in self._statements), float("inf"), float("-inf"))
        chosen = frozenset(index for index, column in self._columns.items() if values[column] > 0.5)
        picked = tuple(
            max(range(len(columns)), key=lambda at, columns=columns: values[columns[at]])  # type: ignore[misc]
            for columns in self._y
        )
        worth = info.objective_function_value
        return Answer(chosen, picked, worth / scale, (info.mip_dual_bound if self._indexes else worth) / scale)

    def _model(self, scale: float) -> "highspy.HighsLp":
        import highspy

        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._costs), len(self._rows)
        lp.col_cost_ = [cost * scale for cost in self._costs]
        lp.col_lower_, lp.col_upper_ = [0.0] * len(self._costs), [1.0] * len(self._costs)
        if self._forbidden:
            banned = {self._columns[each] for each in self._forbidden if each in self._columns}
            lp.col_upper_ = [0.0 if column in banned else 1.0 for column in range(len(self._costs))]
        lp.row_lower_ = [low for low, _, _ in self._rows]
        lp.row_upper_ = [high for _, _, high in self._rows]
        starts, columns, values = [0], [], []
        for _, entries, _ in self._rows:
            columns += [column for column, _ in entries]
            values += [value for _, value in entries]
            starts.append(len(columns))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, columns, values
        # with whole x an option is either to be had or not, and the best of them is a whole one
        whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [whole if column < len(self._indexes) else part for column in range(len(self._costs))]
        return lp

    def _add_statement(self, options: list[Option]) -> None:
        first = len(self._costs)
        columns = list(range(first, first + len(options)))
        self._costs += [option.cost for option in options]
        self._y.append(columns)
        self._rows.append((1.0, [(column, 1.0) for column in columns], 1.0))
        for index in sorted({each for option in options for each in option.needs}, key=self._columns.__getitem__):
            users = [(column, 1.0) for column, option in zip(columns, options, strict=True) if index in option.needs]
            self._rows.append((-1.0, [*users, (self._columns[index], -1.0)], 0.0))
        for index in sorted({each for option in options for each in option.absent}, key=self._columns.__getitem__):
            users = [(column, 1.0) for column, option in zip(columns, options, strict=True) if index in option.absent]
            self._rows.append((0.0, [*users, (self._columns[index], 1.0)], 1.0))
        for column, option in zip(columns, options, strict=True):
            for members in option.some:
                held = [(self._columns[each], -1.0) for each in sorted(members, key=self._columns.__getitem__)]
                self._rows.append((-float(len(held)), [(column, 1.0), *held], 0.0))

    def _add_limits(self, sizes: Mapping[CandidateIndex, int], limits: Limits) -> None:
        if limits.bytes_ is not None:
            entries = [(column, sizes[index] / 8192) for index, column in self._columns.items()]
            self._rows.append((0.0, entries, limits.bytes_ / 8192))
        if limits.indexes is not None:
            self._rows.append((0.0, [(column, 1.0) for column in self._columns.values()], float(limits.indexes)))
        if limits.per_table is not None:
            by_table: dict[RelationName, list[tuple[int, float]]] = {}
            for index, column in self._columns.items():
                by_table.setdefault(index.table, []).append((column, 1.0))
            self._rows += [(0.0, entries, float(limits.per_table)) for entries in by_table.values()]

    def _add_cut(self, cut: Cut) -> None:
        if not cut.needs <= self._columns.keys():
            return  # some of it cannot be chosen at all
        columns, options = self._y[cut.statement], self._statements[cut.statement]
        better = [(column, -1.0) for column, each in zip(columns, options, strict=True) if each.cost < cut.cost]
        held = [(self._columns[each], 1.0) for each in sorted(cut.needs, key=self._columns.__getitem__)]
        self._rows.append((-math.inf, [*held, *better], len(held) - 1.0))


def _mentioned(statements: Sequence[Sequence[Option]]) -> list[CandidateIndex]:
    """In a stable order, so that a tie falls the same way in every run."""
    found: set[CandidateIndex] = set()
    for options in statements:
        for option in options:
            found.update(option.needs, option.absent, *option.some)
    return sorted(found, key=lambda each: msgspec.json.encode(each))


def _free(options: Sequence[Option]) -> int:
    """The dearest that needs nothing."""
    return max((at for at, each in enumerate(options) if not each.needs), key=lambda at: options[at].cost, default=0)

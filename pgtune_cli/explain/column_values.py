"""Values of one column that occur, from its row of pg_stats: frequent, middling, rare, and points of its range."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from math import log

import msgspec

from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.model.snapshot import ColumnStatistics

MOST = 0.5
"""of the rows"""


class ColumnValues(msgspec.Struct, frozen=True, kw_only=True):
    """`common` by falling frequency, as fractions of all rows; `bounds` in the type's order, none of them in common."""

    common: tuple[tuple[str, float], ...] = ()
    bounds: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    """of arrays and tsvectors, most frequent first."""
    element_fractions: tuple[float, ...] = ()
    """of the rows, that hold each of them."""
    ranges: tuple[str, ...] = ()
    distinct: float | None = None
    """of the other values than those in common."""
    other_fraction: float = 1.0
    """of the rows that hold neither NULL nor a common value."""

    @property
    def known(self) -> bool:
        return bool(self.common or self.bounds)

    @property
    def parts(self) -> list[tuple[str, float]]:
        """Every value known, with the fraction of the rows that it stands for."""
        return [*self.common, *((each, self.other_fraction / len(self.bounds)) for each in self.bounds)]

    @property
    def shared_prefix(self) -> int:
        """How many characters all of the values known begin with; 0 where fewer than two are."""
        known = [*(value for value, _ in self.common), *self.bounds]
        return next((at for at, column in enumerate(zip(*known, strict=False)) if len(set(column)) > 1), 0)

    def equal(self, name: str, place: int, fraction: float | None) -> str | None:
        """A value that occurs. `place` gives different ones for the elements of a list.

        Typical is, where the rows of a call are known, the value that returns as many; else what a row drawn at
        random would hold, or, where one value fills most rows, one drawn from the others: *common* asks for that one.
        """
        common = [value for value, _ in self.common]
        others = _middle_out(self.bounds[1:-1] or self.bounds)
        if name == "common":
            ranked = [*common, *others]
        elif name == "rare":
            ranked = [*others, *reversed(common)]
        else:
            start = self._typical(fraction)
            ranked = [*others, *reversed(common)] if start is None else [*common[start:], *others, *common[:start]]
        return ranked[place % len(ranked)] if ranked else None

    def at(self, position: float) -> str | None:
        """The value below which that fraction of the rows lies."""
        if self.bounds:
            return self.bounds[round(position * (len(self.bounds) - 1))]
        total = sum(frequency for _, frequency in self.common)
        passed = 0.0
        for value, frequency in sorted(self.common, key=lambda pair: _order(pair[0])):
            passed += frequency
            if passed >= position * total:
                return value
        return None

    def after(self, value: str, width: float) -> str:
        """What lies that fraction of the rows behind a value; the value itself at the end, and where nothing is known.

        Of a column with few values the next in order is taken, however many rows it has.
        """
        ordered = self.bounds or tuple(sorted((each for each, _ in self.common), key=_order))
        behind = [each for each in ordered if _order(each) > _order(value)]
        if not behind:
            return value
        steps = max(round(width * (len(ordered) - 1)), 1) if self.bounds else 1
        return behind[min(steps, len(behind)) - 1]

    def element(self, name: str, place: int, fraction: float | None = None) -> str | None:
        """An array's element or a document's word: the most frequent, the middle one, the least frequent known.

        Typical is the one that returns as many rows as a call did, where that is known.
        """
        if not self.elements:
            return None
        first = {"common": 0, "rare": len(self.elements) - 1}.get(name, len(self.elements) // 2)
        if name == "typical" and fraction is not None and self.element_fractions:
            distances = [abs(log(max(each, 1e-9) / fraction)) for each in self.element_fractions]
            first = min(range(len(distances)), key=distances.__getitem__)
        return self.elements[(first + place) % len(self.elements)]

    def _typical(self, fraction: float | None) -> int | None:
        """Index in common of the typical value; None when it is one of the others."""
        if fraction is not None and self.common:
            other = self.other_fraction / self.distinct if self.distinct and self.bounds else None
            distances = [abs(log(max(frequency, 1e-9) / fraction)) for _, frequency in self.common]
            nearest = min(range(len(distances)), key=distances.__getitem__)
            return None if other and abs(log(other / fraction)) < distances[nearest] else nearest
        first = 1 if self._one_fills_most else 0
        left = sum(frequency for _, frequency in self.common[first:]) + (self.other_fraction if self.bounds else 0.0)
        passed = 0.0
        for index, (_, frequency) in enumerate(self.common[first:], first):
            passed += frequency
            if passed >= left / 2:
                return index
        return None

    @property
    def _one_fills_most(self) -> bool:
        """Of two values alone neither is in the middle."""
        return bool(self.common) and self.common[0][1] >= MOST and len(self.common) + len(self.bounds) > 2


def column_values(row: ColumnStatistics, rows: float | None) -> ColumnValues:
    """`rows` of the table turn a fraction in n_distinct into a number."""
    values = _texts(row.most_common_vals)
    frequencies = row.most_common_freqs or ()
    common = sorted(zip(values, frequencies, strict=False), key=lambda pair: -pair[1])
    covered = sum(frequency for _, frequency in common)
    distinct = row.n_distinct if row.n_distinct >= 0 else (-row.n_distinct * rows if rows else None)
    elements = _texts(row.most_common_elems)
    weights = (row.most_common_elem_freqs or ())[: len(elements)]
    ranked = sorted(zip(elements, weights, strict=False), key=lambda pair: -pair[1])
    return ColumnValues(
        common=tuple(common),
        bounds=tuple(_texts(row.histogram_bounds)),
        elements=tuple(element for element, _ in ranked) or tuple(elements),
        element_fractions=tuple(weight for _, weight in ranked),
        ranges=tuple(_texts(row.range_bounds_histogram)),
        distinct=max(distinct - len(common), 1.0) if distinct else None,
        other_fraction=max(1.0 - covered - row.null_frac, 1e-9),
    )


def in_order(one: str, other: str) -> tuple[str, str]:
    """The lower first."""
    return (one, other) if _order(one) <= _order(other) else (other, one)


def _texts(array: str | None) -> list[str]:
    return [element for element in parse_array(array) or [] if element is not None]


def _middle_out(values: Sequence[str]) -> list[str]:
    """From the middle to the ends, so that neighbours of a list are not the extremes."""
    middle = len(values) // 2
    order = sorted(range(len(values)), key=lambda index: (abs(index - middle), index))
    return [values[index] for index in order]


def _order(value: str) -> tuple[int, Decimal, str]:
    """Numbers by size, other texts (ISO dates too) by character."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return (1, Decimal(0), value)
    return (0, number, "") if not number.is_nan() else (0, Decimal("Infinity"), value)

"""One value for one parameter: what it is compared with and how decides, its column's statistics or a row provide."""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType

from pgtune_cli.explain.ages import days, interval, seconds_since
from pgtune_cli.explain.column_source import ColumnSource
from pgtune_cli.explain.column_values import ColumnValues, in_order
from pgtune_cli.explain.document_values import document_value
from pgtune_cli.explain.expression_values import as_expression
from pgtune_cli.explain.main_uses import is_lower, main_uses, sizing_column, two_sided
from pgtune_cli.explain.pg_array import array_literal, parse_array
from pgtune_cli.explain.text_values import lexeme, lexemes, like_prefix, network, word
from pgtune_cli.explain.type_values import (
    RANGE_ELEMENT,
    TypeKind,
    absent_value,
    default_value,
    element_type,
    fitted,
    kind_of,
    range_bound,
    resolved,
)
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape_types import ColumnRef, ParameterUse, PredicateKind, Shape, Use

PAGES = {"typical": 10, "common": 0, "rare": 100}
"""how deep OFFSET goes, in pages of LIMIT rows; the real depth is not visible."""
INTERVALS = {"typical": "7 days", "common": "30 days", "rare": "1 day"}
ONE_SIDED = {"typical": 0.1, "common": 0.5, "rare": 0.01}
TWO_SIDED = {"typical": 0.02, "common": 0.2, "rare": 0.01}
"""fractions of the rows within a range, where the rows of a call do not tell."""
LIST_LENGTH = 10
"""the planner's own guess for `= ANY ($1)`."""
MAX_LIMIT = 1000
ARITHMETIC = {"+", "-", "*", "/", "%", "||"}
NETWORKS = {"<<", "<<=", ">>", ">>=", "&&"}
WHOLE_ARRAYS = (PredicateKind.EQ, PredicateKind.NOT_EQ, PredicateKind.IN, PredicateKind.NOT_IN, PredicateKind.RANGE)
EQUALITIES = (PredicateKind.EQ, PredicateKind.IN)
Row = Mapping[ColumnRef, str]
"""texts of the columns of one row, or of rows that were joined; columns as the statement names them."""
NO_ROW: Row = MappingProxyType({})


class ParameterValues:
    """Chooses the values of one statement's parameters. `types` are regtype names in order of $n."""

    def __init__(
        self,
        sql: str,
        found: Shape | None,
        types: tuple[str, ...],
        statement: Statement,
        source: ColumnSource,
        search_path: tuple[str, ...] = (),
        hints: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.types = types
        self.uses = main_uses(sql, found, len(types), source.catalog, search_path)
        self._hints = hints
        self._source = source
        self._catalog = source.catalog
        self._rows_per_call = statement.rows / statement.calls if statement.calls > 0 else None
        self._ranges = two_sided(self.uses)
        self._sized = sizing_column(found)

    @property
    def compared(self) -> list[ParameterUse]:
        """The uses that are comparisons with columns or anything else."""
        return [use for use in self.uses.values() if use is not None and use.use is Use.PREDICATE]

    @property
    def all_from_statistics(self) -> bool:
        """Whether the statistics know every column that is compared, and everything compared is a column."""
        places = self.uses.values()
        return None not in places and all(use.column is not None and self.known(use.column) for use in self.compared)

    def known(self, column: ColumnRef) -> bool:
        values = self._source.values(column)
        return values.known or bool(values.elements or values.ranges)

    def set_of(self, name: str, row: Row = NO_ROW) -> tuple[str | None, ...]:
        """A value for each parameter."""
        return tuple(self.value(number, name, row) for number in range(1, len(self.types) + 1))

    def value(self, number: int, name: str, row: Row = NO_ROW) -> str | None:
        """The value of $number in the set of that name; a default of its type where nothing better is known."""
        kind = self.types[number - 1]
        use = self.uses[number]
        if number in self._hints and kind_of(kind, self._catalog) in (TypeKind.TEXT, TypeKind.OTHER):
            return self._hints[number]
        chosen = None if use is None else self._chosen(use, kind, name, row)
        if chosen is None and kind_of(kind, self._catalog) is TypeKind.INTERVAL:
            return INTERVALS[name]
        return chosen if chosen is not None else default_value(kind, self._catalog)

    def absent(self, number: int) -> str | None:
        """A value that no row holds, where the statistics list all that occur; None where they do not."""
        use = self.uses[number]
        if use is None or use.use is not Use.PREDICATE or use.column is None or use.kind not in EQUALITIES:
            return None
        values, kind = self._source.values(use.column), self.types[number - 1]
        if not values.common or values.bounds or use.expression is not None:
            return None
        return absent_value([value for value, _ in values.common], kind, self._catalog)

    def _chosen(self, use: ParameterUse, kind: str, name: str, row: Row) -> str | None:
        if use.use is Use.LIMIT:
            return str(self._limit())
        if use.use is Use.OFFSET:
            return str(PAGES[name] * self._limit())
        if use.column is None:
            return None
        if use.use is Use.DERIVED and use.kind is PredicateKind.RANGE and use.expression is None:
            ago = self._ago(use, use.column, kind, name)
            if ago is not None:
                return ago
        if use.use is Use.DERIVED and use.operator in ARITHMETIC:
            return INTERVALS[name] if kind_of(kind, self._catalog) is TypeKind.INTERVAL else None
        return self._of_column(use, use.column, kind, name, row)

    def _ago(self, use: ParameterUse, column: ColumnRef, kind: str, name: str) -> str | None:
        """For `column > now() - $1`; a number is taken for one of days."""
        column_type = resolved(self._source.type(column), self._catalog)
        if kind_of(column_type, self._catalog) is not TypeKind.DATE:
            return None
        bound = self._source.values(column).at(self._position(use, column_type, name))
        seconds = None if bound is None else seconds_since(bound)
        if seconds is None:
            return None
        wanted = kind_of(kind, self._catalog)
        if wanted is TypeKind.INTERVAL:
            return interval(seconds)
        return str(days(seconds)) if wanted is TypeKind.NUMBER else None

    def _of_column(self, use: ParameterUse, column: ColumnRef, kind: str, name: str, row: Row) -> str | None:
        column_type = resolved(self._source.type(column), self._catalog)
        values = self._source.values(column)
        if column in row:
            values = _of_row(row[column], column_type)
        whole = kind.endswith(("[]", "tsvector")) and use.kind in WHOLE_ARRAYS and use.operator != "= ANY"
        if column_type.endswith(("[]", "tsvector")) and not whole:
            return self._of_elements(values, kind, name, use.place, self._fraction(use))
        if kind_of(column_type, self._catalog) is TypeKind.JSON:
            fraction, known = (self._fraction(use) if name == "typical" else None), self._source.values(column).parts
            return document_value(use, values.equal(name, 0, None), kind, self._catalog, known, fraction)
        if column_type.endswith(("range", "multirange")) and values.ranges:
            return self._of_range(values, column_type, kind, name)
        if element_type(kind) is not None and not column_type.endswith("[]"):
            return self._list(use, self._source.values(column), column_type, kind, name, row.get(column))
        found = self._plain(use, values, column, column_type, name, row)
        return None if found is None else self._fit(found, column_type, kind)

    def _plain(
        self, use: ParameterUse, values: ColumnValues, column: ColumnRef, column_type: str, name: str, row: Row
    ) -> str | None:
        if use.kind is PredicateKind.RANGE and use.expression is None:
            return self._bound(use, column, column_type, name, row.get(column))
        if use.place and column in row:
            # the row gives one element of a list, the statistics the others
            values = self._source.values(column)
        found = values.equal(name, use.place, self._fraction(use))
        if found is None:
            return None
        if use.kind in (PredicateKind.LIKE, PredicateKind.ILIKE):
            return like_prefix(found, name, values.shared_prefix)
        if use.kind in (PredicateKind.REGEX, PredicateKind.TEXT_SEARCH):
            return word(found)
        if use.operator in NETWORKS and kind_of(column_type, self._catalog) is TypeKind.NETWORK:
            return network(found, name)
        return as_expression(found, use.expression)

    def _bound(self, use: ParameterUse, column: ColumnRef, column_type: str, name: str, held: str | None) -> str | None:
        """A bound of a range, by the statistics; so moved that a row which holds `held` is within it."""
        values = self._source.values(column)
        plain = values.at(self._position(use, column_type, name))
        if held is None or plain is None:
            return plain if held is None else held
        if use.number in self._ranges:
            return held if is_lower(use) else values.after(held, self._width(use, TWO_SIDED, name))
        return in_order(plain, held)[0 if is_lower(use) else 1]

    def _width(self, use: ParameterUse, widths: dict[str, float], name: str) -> float:
        fraction = self._fraction(use)
        return fraction if fraction is not None and name == "typical" else widths[name]

    def _position(self, use: ParameterUse, column_type: str, name: str) -> float:
        """Where in the column's order the bound lies: dates at the recent end, other ranges in the middle."""
        recent = kind_of(column_type, self._catalog) is TypeKind.DATE
        lower = is_lower(use)
        if use.number in self._ranges:
            width = self._width(use, TWO_SIDED, name)
            low = max(0.99 - width, 0.0) if recent else max(0.5 - width / 2, 0.0)
            return low if lower else min(low + width, 1.0)
        width = self._width(use, ONE_SIDED, name)
        return max(1.0 - width, 0.0) if lower else min(width, 1.0)

    def _list(
        self, use: ParameterUse, values: ColumnValues, column_type: str, kind: str, name: str, held: str | None
    ) -> str | None:
        """An array for `= ANY ($n)`; its length is not known."""
        element = element_type(kind) or kind
        count = LIST_LENGTH
        if values.distinct is not None and not values.common and self._rows_per_call:
            count = min(max(round(self._rows_per_call), 1), 10 * LIST_LENGTH)
        found = [held, *(values.equal(name, place, None) for place in range(count))]
        fit = [self._fit(one, column_type, element) for one in found if one is not None]
        unique = list(dict.fromkeys(one for one in fit if one is not None))[:count]
        return array_literal(unique) if unique and use.kind is not PredicateKind.RANGE else None

    def _of_elements(
        self, values: ColumnValues, kind: str, name: str, place: int, fraction: float | None
    ) -> str | None:
        """For `tags @> $1`, `$1 = ANY (tags)`, `document @@ $1`."""
        found = values.element(name, place, fraction)
        if found is None:
            return None
        if kind == "tsquery":
            return lexeme(found)
        return array_literal([found]) if kind.endswith("[]") else found

    def _of_range(self, values: ColumnValues, column_type: str, kind: str, name: str) -> str | None:
        """A range that occurs, or a point within one."""
        place = {"common": 0.5, "rare": 1.0}.get(name, 0.7)
        found = values.ranges[round(place * (len(values.ranges) - 1))]
        if kind in RANGE_ELEMENT.values():
            return range_bound(found)
        if kind.endswith("multirange") and not column_type.endswith("multirange"):
            return "{" + found + "}"
        return self._fit(found, column_type, kind)

    def _fit(self, value: str, column_type: str, kind: str) -> str | None:
        if parse_array(value) is not None and kind.endswith("[]"):
            return value
        if kind == "tsquery":
            return lexeme(word(value))
        return fitted(value, column_type, kind, self._catalog)

    def _limit(self) -> int:
        """LIMIT by the rows that came back a call; ten where that says nothing."""
        rows = self._rows_per_call
        return min(max(ceil(rows), 1), MAX_LIMIT) if rows else LIST_LENGTH

    def _fraction(self, use: ParameterUse) -> float | None:
        """Of the table's rows that a call returned, where this one comparison alone decides that."""
        if self._rows_per_call is None or use.column is None or self._sized != use.column:
            return None
        rows = self._source.row_count(use.column.relation)
        return min(max(self._rows_per_call / rows, 0.1 / rows), 1.0) if rows else None


def _of_row(value: str, column_type: str) -> ColumnValues:
    """One row's value, in the place of statistics."""
    if column_type.endswith("[]"):
        elements = tuple(element for element in parse_array(value) or [] if element is not None)
        return ColumnValues(common=((value, 1.0),), elements=elements)
    if column_type == "tsvector":
        return ColumnValues(common=((value, 1.0),), elements=tuple(lexemes(value)))
    if column_type.endswith("range"):
        return ColumnValues(ranges=(value,))
    return ColumnValues(common=((value, 1.0),))

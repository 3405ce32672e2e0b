"""One value for one parameter: what it is compared with and how decides, its column's statistics provide."""

import re
from collections.abc import Callable, Mapping
from math import ceil
from types import MappingProxyType

from pgtune_cli.explain.column_values import ColumnValues, column_values
from pgtune_cli.explain.pg_array import array_literal, parse_array
from pgtune_cli.explain.text_values import json_key, json_part, json_path_value, lexeme, like_prefix, word
from pgtune_cli.explain.type_values import TypeKind, default_value, element_type, fitted, kind_of
from pgtune_cli.model.catalog import Catalog, RelationKind, RelationName
from pgtune_cli.model.snapshot import ColumnStatistics, Snapshot
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import shape
from pgtune_cli.sql.shape_types import Block, ColumnRef, ParameterUse, PredicateKind, Shape, TableKind, Use

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
JSON_STEPS = {"->", "->>", "#>", "#>>"}
VIEWS_DEEP = 5
USE_ORDER = (Use.PREDICATE, Use.LIMIT, Use.OFFSET, Use.DERIVED, Use.ASSIGN, Use.SELECT, Use.OTHER)
CASES: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}


class ParameterValues:
    """Chooses the values of one statement's parameters. `types` are regtype names in order of $n."""

    def __init__(
        self,
        found: Shape | None,
        types: tuple[str, ...],
        statement: Statement,
        snapshot: Snapshot,
        hints: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.types = types
        self._hints = hints
        self._catalog = snapshot.catalog
        self._rows_per_call = statement.rows / statement.calls if statement.calls > 0 else None
        self._snapshot = snapshot
        self._columns: dict[ColumnRef, ColumnValues] = {}
        self._statistics: dict[RelationName, list[ColumnStatistics]] = {}
        self._uses = {number: _main_use(found, number) for number in range(1, len(types) + 1)}
        self._ranges = _two_sided(self._uses)
        self._sized = _sizing_use(found)
        compared = [use for use in self._uses.values() if use is not None and use.use is Use.PREDICATE]
        self.all_from_statistics = found is not None and all(self._known(use) for use in compared)

    def value(self, number: int, name: str) -> str | None:
        """The value of $number in the set of that name; a default of its type where nothing better is known."""
        kind = self.types[number - 1]
        use = self._uses[number]
        if number in self._hints and kind_of(kind, self._catalog) in (TypeKind.TEXT, TypeKind.OTHER):
            return self._hints[number]
        chosen = None if use is None else self._chosen(use, kind, name)
        if chosen is None and kind_of(kind, self._catalog) is TypeKind.INTERVAL:
            return INTERVALS[name]
        return chosen if chosen is not None else default_value(kind, self._catalog)

    def _chosen(self, use: ParameterUse, kind: str, name: str) -> str | None:
        if use.use is Use.LIMIT:
            return str(self._limit())
        if use.use is Use.OFFSET:
            return str(PAGES[name] * self._limit())
        if use.column is None:
            return None
        if use.use is Use.DERIVED and use.operator in ARITHMETIC:
            return INTERVALS[name] if kind_of(kind, self._catalog) is TypeKind.INTERVAL else None
        return self._of_column(use, use.column, kind, name)

    def _of_column(self, use: ParameterUse, column: ColumnRef, kind: str, name: str) -> str | None:
        values, column_type = self._values(column), self._type(column)
        array = element_type(kind)
        if column_type.endswith("[]") or column_type == "tsvector":
            return self._of_elements(values, kind, name, use.place)
        if kind_of(column_type, self._catalog) is TypeKind.JSON:
            return self._of_document(use, values, kind, name)
        if values.ranges and not values.common:
            return self._fit(values.ranges[len(values.ranges) // 2], column_type, kind)
        if array is not None:
            return self._list(use, values, column_type, kind, name)
        found = self._plain(use, values, column_type, name)
        return None if found is None else self._fit(found, column_type, kind)

    def _plain(self, use: ParameterUse, values: ColumnValues, column_type: str, name: str) -> str | None:
        if use.kind is PredicateKind.RANGE:
            return values.at(self._position(use, column_type, name))
        found = values.equal(name, use.place, self._fraction(use))
        if found is None:
            return None
        if use.kind in (PredicateKind.LIKE, PredicateKind.ILIKE):
            return like_prefix(found, name)
        if use.kind in (PredicateKind.REGEX, PredicateKind.TEXT_SEARCH):
            return word(found)
        return _as_expression(found, use.expression)

    def _position(self, use: ParameterUse, column_type: str, name: str) -> float:
        """Where in the column's order the bound lies: dates at the recent end, other ranges in the middle."""
        fraction = self._fraction(use)
        recent = kind_of(column_type, self._catalog) is TypeKind.DATE
        lower = _is_lower(use)
        if use.number in self._ranges:
            width = fraction if fraction is not None and name == "typical" else TWO_SIDED[name]
            low = max(0.99 - width, 0.0) if recent else max(0.5 - width / 2, 0.0)
            return low if lower else min(low + width, 1.0)
        width = fraction if fraction is not None and name == "typical" else ONE_SIDED[name]
        return max(1.0 - width, 0.0) if lower else min(width, 1.0)

    def _list(self, use: ParameterUse, values: ColumnValues, column_type: str, kind: str, name: str) -> str | None:
        """An array for `= ANY ($n)`; its length is not known."""
        element = element_type(kind) or kind
        count = LIST_LENGTH
        if values.distinct is not None and not values.common and self._rows_per_call:
            count = min(max(round(self._rows_per_call), 1), 10 * LIST_LENGTH)
        found = [values.equal(name, place, None) for place in range(count)]
        fit = [self._fit(one, column_type, element) for one in found if one is not None]
        unique = list(dict.fromkeys(one for one in fit if one is not None))
        return array_literal(unique) if unique and use.kind is not PredicateKind.RANGE else None

    def _of_elements(self, values: ColumnValues, kind: str, name: str, place: int) -> str | None:
        """For `tags @> $1`, `$1 = ANY (tags)`, `document @@ $1`."""
        found = values.element(name, place)
        if found is None:
            return None
        if kind == "tsquery":
            return lexeme(found)
        return array_literal([found]) if kind.endswith("[]") else found

    def _of_document(self, use: ParameterUse, values: ColumnValues, kind: str, name: str) -> str | None:
        document = values.equal(name, 0, None)
        if document is None:
            return None
        if kind_of(kind, self._catalog) is TypeKind.JSON:
            return json_part(document) if use.kind is PredicateKind.CONTAINS else document
        asks_key = use.kind is PredicateKind.EXISTS_KEY or (use.use is Use.DERIVED and use.operator in JSON_STEPS)
        if not asks_key and use.expression is not None:
            found = json_path_value(document, use.expression)
            return None if found is None else self._fit(found, "text" if kind == "text" else kind, kind)
        key = json_key(document, use.place)
        return array_literal([key]) if key is not None and kind.endswith("[]") else key

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
        rows = self._row_count(use.column.relation)
        return min(max(self._rows_per_call / rows, 0.1 / rows), 1.0) if rows else None

    def _known(self, use: ParameterUse) -> bool:
        if use.column is None:
            return False
        values = self._values(use.column)
        return values.known or bool(values.elements or values.ranges)

    def _values(self, column: ColumnRef) -> ColumnValues:
        if column not in self._columns:
            self._columns[column] = self._read(_below_views(column, self._catalog))
        return self._columns[column]

    def _read(self, column: ColumnRef) -> ColumnValues:
        relation = column.relation
        if relation not in self._statistics:
            self._statistics[relation] = [
                row for row in self._snapshot.statistics if row.table == relation.name and row.schema == relation.schema
            ]
        rows = [row for row in self._statistics[relation] if row.column == column.column]
        if not rows:
            return ColumnValues()
        # a partitioned table has statistics of all its partitions only; others are read without their children's
        chosen = min(rows, key=lambda row: row.inherited)
        return column_values(chosen, self._row_count(column.relation))

    def _row_count(self, name: RelationName) -> float | None:
        relation = self._catalog.relation(name)
        if relation is None or relation.kind is RelationKind.PARTITIONED:
            parts = [one.reltuples for one in self._catalog.relations if one.partition_of == name]
            return sum(part or 0.0 for part in parts) or None
        return relation.reltuples or None

    def _type(self, column: ColumnRef) -> str:
        column = _below_views(column, self._catalog)
        relation = self._catalog.relation(column.relation)
        found = relation.column(column.column) if relation is not None else None
        return re.sub(r"\([^)]*\)", "", found.type) if found is not None else "unknown"


def _main_use(found: Shape | None, number: int) -> ParameterUse | None:
    """The place that says most about a parameter: a comparison with a column before anything else."""
    uses = found.uses(number) if found is not None else ()
    return min(uses, key=lambda use: (USE_ORDER.index(use.use), use.column is None), default=None)


def _below_views(column: ColumnRef, catalog: Catalog) -> ColumnRef:
    """The table's column that a view's column is; the column itself where it is computed."""
    for _ in range(VIEWS_DEEP):
        relation = catalog.relation(column.relation)
        if relation is None or relation.kind is not RelationKind.VIEW or relation.view_definition is None:
            break
        found = shape(relation.view_definition, catalog, ())
        block = found.outermost if found is not None else None
        items = block.select if block is not None else ()
        below = next((item.column for item in items if item.name == column.column and item.column is not None), None)
        if below is None:
            break
        column = below
    return column


def _is_lower(use: ParameterUse) -> bool:
    return use.operator in (">", ">=")


def _two_sided(uses: dict[int, ParameterUse | None]) -> set[int]:
    """Numbers of the parameters that bound a column whose other side is bound too."""
    sides: dict[ColumnRef, dict[bool, list[int]]] = {}
    for number, use in uses.items():
        if use is not None and use.column is not None and use.kind is PredicateKind.RANGE:
            sides.setdefault(use.column, {}).setdefault(_is_lower(use), []).append(number)
    return {number for found in sides.values() if len(found) == 2 for numbers in found.values() for number in numbers}


def _sizing_use(found: Shape | None) -> ColumnRef | None:
    """The one column whose comparisons decide how many rows a plain statement on one table returns."""
    block = found.outermost if found is not None and len(found.blocks) == 1 else None
    if block is None or not _plain_block(block):
        return None
    columns = {predicate.column for predicate in block.predicates}
    return columns.pop() if len(columns) == 1 else None


def _plain_block(block: Block) -> bool:
    one_table = len(block.tables) == 1 and block.tables[0].kind is TableKind.RELATION
    shrinks = block.aggregates or block.group_by or block.distinct or block.limit or block.offset or block.distinct_on
    return one_table and not shrinks and not any(predicate.under_or for predicate in block.predicates)


def _as_expression(value: str, expression: str | None) -> str:
    """A column's value through the function that it is compared through: `lower(email) = $1`."""
    function = expression.split("(")[0].strip().lower().rsplit(".", 1)[-1] if expression else ""
    change = CASES.get(function)
    return change(value) if change is not None else value

"""Conditions become predicates, join pairs and parameter uses."""

import msgspec
from sqlglot import exp

from pgtune_cli.sql.condition_forms import quantified, row_elements
from pgtune_cli.sql.condition_notes import Notes
from pgtune_cli.sql.conditions import Condition
from pgtune_cli.sql.expression_text import Side, side
from pgtune_cli.sql.operators import comparison, flipped, is_negated, negation, sides
from pgtune_cli.sql.shape_types import ColumnRef, CountCheck, JoinPair, Operand, Place
from pgtune_cli.sql.shape_types import PredicateKind as Kind
from pgtune_cli.sql.walk import (
    is_count_star,
    is_query,
    list_elements,
    lone_constant,
    parameter_number,
    unparen,
    unwrap_query,
)


class Reader(Notes):
    """Reads the conditions of one block."""

    def read(self, leaf: Condition, place: Place, *, join: int | None = None, outer: bool = False) -> None:
        """One leaf of a WHERE, ON or HAVING."""
        before, joins_before = len(self.found.predicates), len(self.found.joins)
        negated = self._leaf(leaf, outer=outer)
        span = self._parsed.span(leaf.node)
        for at in range(joins_before, len(self.found.joins)):
            self.found.joins[at] = msgspec.structs.replace(self.found.joins[at], join=join, span=span)
        for at in range(before, len(self.found.predicates)):
            self.found.predicates[at] = msgspec.structs.replace(
                self.found.predicates[at],
                place=place,
                join=join,
                under_or=leaf.or_group is not None,
                under_not=negated,
                or_group=leaf.or_group,
                or_branch=leaf.or_branch,
                span=span,
            )

    def _leaf(self, leaf: Condition, *, outer: bool) -> bool:
        """Whether a NOT remains that is not in the predicate's kind and operator."""
        node, under_or = leaf.node, leaf.or_group is not None
        if isinstance(node, exp.Between):
            self._between(node)
        elif isinstance(node, exp.In):
            self._in(node, negated=leaf.under_not, under_or=under_or)
            return False
        elif isinstance(node, exp.Is):
            return self._is(node, negated=leaf.under_not)
        elif isinstance(node, exp.Exists) or is_query(node):
            pass
        elif comparison(node) is not None and sides(node) is not None:
            return self._comparison(node, negated=leaf.under_not, outer=outer, under_or=under_or)
        else:
            self._boolean(node)
        return leaf.under_not

    def _between(self, node: exp.Between) -> None:
        left = side(node.this, self._scope)
        low, high = (">=", "<=") if not node.args.get("symmetric") else ("BETWEEN SYMMETRIC", "BETWEEN SYMMETRIC")
        for number, (operator, value) in enumerate(((low, node.args["low"]), (high, node.args["high"]))):
            self._predicate(left, Kind.RANGE, operator, value, number)

    def _is(self, node: exp.Is, *, negated: bool) -> bool:
        left = side(node.this, self._scope)
        value = node.expression
        if isinstance(value, exp.Null):
            is_not = bool(node.args.get("negate")) != negated
            kind, operator = (Kind.IS_NOT_NULL, "IS NOT NULL") if is_not else (Kind.IS_NULL, "IS NULL")
            self._predicate(left, kind, operator, None)
            return False
        self._predicate(left, Kind.BOOL, f"IS {value.sql('postgres').upper()}", None)
        return negated

    def _boolean(self, node: exp.Expr) -> None:
        left = side(node, self._scope)
        if left.columns or left.own:
            self._predicate(left, Kind.BOOL if left.column is not None else Kind.OTHER, "", None)

    def _in(self, node: exp.In, *, negated: bool, under_or: bool) -> None:
        kind, operator = (Kind.NOT_IN, "NOT IN") if negated else (Kind.IN, "IN")
        query = node.args.get("query")
        left_parts = row_elements(node.this) or [node.this]
        if query is not None:
            self._in_query(left_parts, kind, operator, query, under_or=under_or)
            return
        elements = list(node.expressions) or [node.args["field"]] * bool(node.args.get("field"))
        rows = [row_elements(element) for element in elements]
        for position, part in enumerate(left_parts):
            left = side(part, self._scope)
            if len(left_parts) == 1:
                self._list(left, kind, operator, elements)
            else:
                values = [row[position] for row in rows if row and len(row) == len(left_parts)]
                self._list(left, kind, operator, values, position)

    def _in_query(self, parts: list[exp.Expr], kind: Kind, operator: str, query: exp.Expr, *, under_or: bool) -> None:
        index = self._queries.get(id(unwrap_query(query)))
        for position, part in enumerate(parts):
            left = side(part, self._scope)
            row_position = position if len(parts) > 1 else None
            self._add(left, kind, operator, Operand(subquery=index, sql=self._parsed.source(query) or ""), row_position)
            inner = self._output(index, position)
            if kind is Kind.IN and left.column is not None and left.cast is None and inner is not None:
                pair = JoinPair(left=left.column, right=inner, semi=True, under_or=under_or)
                self.found.joins.append(pair)

    def _output(self, index: int | None, position: int) -> ColumnRef | None:
        block = self._built[index] if index is not None else None
        return block.select[position].column if block is not None and position < len(block.select) else None

    def _list(
        self, left: Side, kind: Kind, operator: str, elements: list[exp.Expr], position: int | None = None
    ) -> None:
        operand = self._operand(elements)
        self._add(left, kind, operator, operand, position)
        for number, element in enumerate(elements):
            self._use(left, kind, operator, element, number)

    def _comparison(self, node: exp.Expr, *, negated: bool, outer: bool, under_or: bool) -> bool:
        found, both = comparison(node), sides(node)
        assert found is not None
        assert both is not None
        negated = negated != is_negated(node)
        opposite = negation(found[1])
        if negated and opposite is not None and not any(map(quantified, both)):
            found, negated = opposite, False
        rows = row_elements(both[0]), row_elements(both[1])
        if rows[0] and rows[1] and len(rows[0]) == len(rows[1]):
            for position, (one, other) in enumerate(zip(rows[0], rows[1], strict=True)):
                self._pair(one, other, *found, outer=outer, under_or=under_or, position=position)
        elif not self._count_check(both, found):
            # what NOT (x = ANY (SELECT …)) leaves over may be NULL
            self._pair(*both, *found, outer=outer, under_or=under_or or negated)
        return negated

    def _pair(
        self,
        one: exp.Expr,
        other: exp.Expr,
        kind: Kind,
        operator: str,
        *,
        outer: bool,
        under_or: bool,
        position: int | None = None,
    ) -> None:
        left, right = side(one, self._scope), side(other, self._scope)
        if _should_flip(left, right):
            left, right = right, left
            kind, operator = flipped(kind, operator)
        # IS NOT DISTINCT FROM joins no index, and lets NULLs through
        if kind is Kind.EQ and operator == "=" and self._join(left, right, outer=outer, under_or=under_or):
            return
        if array_of := quantified(right.node):
            word, array = array_of
            self._any_or_all(left, kind, operator, word, array, under_or=under_or)
        elif array_of := quantified(left.node):
            # `$1 = ANY (column)`: no index on the column serves it
            self._add(
                side(array_of[1], self._scope), Kind.OTHER, f"{operator} {array_of[0]}", self._operand([right.node])
            )
            self._use(side(array_of[1], self._scope), Kind.OTHER, f"{operator} {array_of[0]}", right.node, 0)
        elif left.own or left.foreign or left.columns:
            self._predicate(left, kind, operator, right.node, position=position)

    def _any_or_all(self, left: Side, kind: Kind, operator: str, word: str, array: exp.Expr, *, under_or: bool) -> None:
        if kind is Kind.EQ and word == "ANY":
            kind, operator = Kind.IN, "IN"
        elif kind is Kind.NOT_EQ and word == "ALL":
            kind, operator = Kind.NOT_IN, "NOT IN"
        else:
            kind, operator = Kind.OTHER, f"{operator} {word}"
        if is_query(array):
            self._in_query([left.node], kind, operator, array, under_or=under_or)
            return
        elements = list_elements(array)
        if elements is None:
            operand = msgspec.structs.replace(self._operand([array]), size=None)
            right = side(array, self._scope)
            if right.own and not left.own:
                self._predicate(right, Kind.OTHER, f"= {word}", left.node)
            else:
                self._add(left, kind, operator, operand)
                self._use(left, kind, operator, array, 0)
        else:
            self._list(left, kind, operator, elements)

    def _join(self, left: Side, right: Side, *, outer: bool, under_or: bool) -> bool:
        """`a.x = b.y` of two tables; casts and expressions make it a predicate instead."""
        one, other = left.column, right.column
        if (
            one is None
            or other is None
            or left.cast
            or right.cast
            or (one.alias, one.outer) == (other.alias, other.outer)
        ):
            return False
        correlated = one.outer or other.outer
        pair = JoinPair(left=one, right=other, outer=outer, correlated=correlated, under_or=under_or)
        self.found.joins.append(pair)
        return True

    def _count_check(self, both: tuple[exp.Expr, exp.Expr], found: tuple[Kind, str]) -> bool:
        """`(SELECT count(*) …) > 0` and `count(*) > 0`."""
        for at, (one, other) in enumerate((both, both[::-1])):
            counted = self._counting_block(one)
            constant = lone_constant(other)
            if counted is None or constant is None:
                continue
            operator = found[1] if at == 0 else flipped(*found)[1]
            value = constant.name if isinstance(constant, exp.Literal) else None
            number = parameter_number(constant)
            self.found.count_checks.append(CountCheck(block=counted, operator=operator, parameter=number, value=value))
            return True
        return False

    def _counting_block(self, node: exp.Expr) -> int | None:
        inner = unparen(node)
        if isinstance(inner, exp.Count):
            return self._block
        if is_query(inner):
            select = unwrap_query(inner)
            items = select.expressions if isinstance(select, exp.Select) else []
            if len(items) == 1 and (is_count_star(items[0].unalias()) or isinstance(items[0].unalias(), exp.Count)):
                return self._queries.get(id(select))
        return None


def _should_flip(left: Side, right: Side) -> bool:
    """The side over this block's tables comes first; of two such, a plain column."""
    if left.own != right.own:
        return right.own
    if left.own and right.own:
        return right.column is not None and left.column is None
    return bool(right.columns) and not left.columns

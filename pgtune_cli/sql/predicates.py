"""Conditions become predicates, join pairs and parameter uses."""

from collections.abc import Iterator

import msgspec
from sqlglot import exp

from pgtune_cli.sql.conditions import Condition
from pgtune_cli.sql.expression_text import Side, index_expression, outermost_function, side
from pgtune_cli.sql.operators import CONDITIONS_ONLY, comparison, flipped, is_negated, negation, sides
from pgtune_cli.sql.parameter_uses import ParameterUses
from pgtune_cli.sql.parse import MAX_LIST, Parsed
from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import Block, ColumnRef, CountCheck, JoinPair, Operand, Place, Predicate, Use
from pgtune_cli.sql.shape_types import PredicateKind as Kind
from pgtune_cli.sql.walk import (
    cast_type,
    is_count_star,
    is_query,
    list_elements,
    literals_of,
    lone_constant,
    own_nodes,
    parameter_number,
    parameters_of,
    unparen,
    unwrap_query,
)

Blocks = dict[int, int]
"""block index by id() of the query node."""


class Found(msgspec.Struct):
    """What the conditions of one block came to."""

    predicates: list[Predicate] = msgspec.field(default_factory=list)
    joins: list[JoinPair] = msgspec.field(default_factory=list)
    count_checks: list[CountCheck] = msgspec.field(default_factory=list)


class Reader:
    """Reads the conditions of one block."""

    def __init__(
        self, parsed: Parsed, scope: Scope, block: int, queries: Blocks, uses: ParameterUses, built: list[Block | None]
    ) -> None:
        self._parsed = parsed
        self._scope = scope
        self._block = block
        self._queries = queries
        self._uses = uses
        self._built = built
        self.found = Found()

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
        left_parts = _row(node.this) or [node.this]
        if query is not None:
            self._in_query(left_parts, kind, operator, query, under_or=under_or)
            return
        elements = list(node.expressions) or [node.args["field"]] * bool(node.args.get("field"))
        rows = [_row(element) for element in elements]
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
        if negated and opposite is not None and not any(map(_quantified, both)):
            found, negated = opposite, False
        rows = _row(both[0]), _row(both[1])
        if rows[0] and rows[1] and len(rows[0]) == len(rows[1]):
            for position, (one, other) in enumerate(zip(rows[0], rows[1], strict=True)):
                self._pair(one, other, *found, outer=outer, under_or=under_or, position=position)
        elif not self._count_check(both, found):
            self._pair(*both, *found, outer=outer, under_or=under_or)
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
        if kind is Kind.EQ and self._join(left, right, outer=outer, under_or=under_or):
            return
        if quantified := _quantified(right.node):
            word, array = quantified
            self._any_or_all(left, kind, operator, word, array)
        elif quantified := _quantified(left.node):
            # `$1 = ANY (column)`: no index on the column serves it
            self._add(
                side(quantified[1], self._scope), Kind.OTHER, f"{operator} {quantified[0]}", self._operand([right.node])
            )
            self._use(side(quantified[1], self._scope), Kind.OTHER, f"{operator} {quantified[0]}", right.node, 0)
        elif left.own or left.foreign or left.columns:
            self._predicate(left, kind, operator, right.node, position=position)

    def _any_or_all(self, left: Side, kind: Kind, operator: str, word: str, array: exp.Expr) -> None:
        if kind is Kind.EQ and word == "ANY":
            kind, operator = Kind.IN, "IN"
        elif kind is Kind.NOT_EQ and word == "ALL":
            kind, operator = Kind.NOT_IN, "NOT IN"
        else:
            kind, operator = Kind.OTHER, f"{operator} {word}"
        if is_query(array):
            self._in_query([left.node], kind, operator, array, under_or=False)
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

    def _predicate(
        self,
        left: Side,
        kind: Kind,
        operator: str,
        value: exp.Expr | None,
        number: int = 0,
        *,
        position: int | None = None,
    ) -> None:
        operand = Operand() if value is None else self._operand([value])
        self._add(left, kind, operator, operand, position)
        if value is not None:
            self._use(left, kind, operator, value, number)

    def _add(self, left: Side, kind: Kind, operator: str, operand: Operand, position: int | None = None) -> None:
        plain = left.column is not None
        text = None if plain and left.cast is None else self._parsed.source(left.node)
        own = {column.alias for column in left.columns if not column.outer}
        self.found.predicates.append(
            Predicate(
                kind=kind,
                operator=operator,
                table=next(iter(own)) if len(own) == 1 else None,
                column=left.column,
                expression=text,
                index_expression=index_expression(left.node, self._parsed, self._scope) if text is not None else None,
                columns=left.columns,
                left_parameters=parameters_of(left.node),
                cast=left.cast,
                function=outermost_function(text),
                operand=operand,
                row_position=position,
            )
        )

    def _operand(self, nodes: list[exp.Expr]) -> Operand:
        columns = tuple(dict.fromkeys(column for node in nodes for column in side(node, self._scope).columns))
        source = [self._parsed.source(node) or "" for node in nodes[:10]]
        query = next((each for node in nodes for each in own_nodes(node) if is_query(each)), None)
        constants = [lone_constant(node) for node in nodes]
        return Operand(
            parameters=tuple(number for node in nodes for number in parameters_of(node)),
            literals=tuple(text for node in nodes for text in literals_of(node)),
            columns=columns,
            cast=cast_type(nodes[0]) if nodes and constants[0] is not None else None,
            plain=all(constant is not None for constant in constants),
            subquery=self._queries.get(id(unwrap_query(query))) if query is not None else None,
            size=self._size(nodes),
            sql=", ".join(source),
        )

    def _size(self, nodes: list[exp.Expr]) -> int | None:
        """A lone parameter may stand for a list that was squashed, or be an array."""
        if len(nodes) == 1 and not isinstance(lone_constant(nodes[0]), exp.Literal):
            return None
        return None if self._parsed.lists_cut and len(nodes) >= MAX_LIST // 2 else len(nodes)

    def _use(self, left: Side, kind: Kind, operator: str, value: exp.Expr, place: int) -> None:
        """Notes what the parameters of both sides are for."""
        column = left.column or (left.columns[0] if len(left.columns) == 1 else None)
        text = None if left.column is not None else self._parsed.source(left.node)
        for each in own_nodes(value):
            if isinstance(each, exp.Parameter):
                plain = lone_constant(value) is not None
                self._uses.add(
                    each,
                    Use.PREDICATE if plain and (left.own or left.foreign) else Use.DERIVED,
                    column=column,
                    kind=kind,
                    operator=operator,
                    expression=text,
                    place=place,
                )
        for each in own_nodes(left.node):
            if isinstance(each, exp.Parameter):
                self._uses.add(each, Use.DERIVED, column=column, operator=outermost_function(text), expression=text)

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


def _row(node: exp.Expr) -> list[exp.Expr] | None:
    """The elements of `(a, b)` or ROW(a, b)."""
    inner = unparen(node)
    if isinstance(inner, exp.Tuple):
        return list(inner.expressions)
    if isinstance(inner, exp.Anonymous) and str(inner.this).lower() == "row":
        return list(inner.expressions)
    return None


def _quantified(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """ANY or ALL and its array or subquery."""
    inner = unparen(node)
    if isinstance(inner, exp.Any):
        return "ANY", inner.this if is_query(inner.this) else unparen(inner.this)
    if isinstance(inner, exp.All):
        return "ALL", inner.this
    if isinstance(inner, exp.Anonymous) and str(inner.this).lower() in ("all", "some") and len(inner.expressions) == 1:
        return ("ANY" if str(inner.this).lower() == "some" else "ALL"), inner.expressions[0]
    return None


def _should_flip(left: Side, right: Side) -> bool:
    """The side over this block's tables comes first; of two such, a plain column."""
    if left.own != right.own:
        return right.own
    if left.own and right.own:
        return right.column is not None and left.column is None
    return bool(right.columns) and not left.columns


def leaves_in(node: exp.Expr) -> Iterator[Condition]:
    """Comparisons anywhere within an expression: CASE WHEN, FILTER, a select list."""
    for each in own_nodes(node):
        if isinstance(each, exp.Between | exp.In) or (
            comparison(each) is not None and not isinstance(each, CONDITIONS_ONLY)
        ):
            yield Condition(each)

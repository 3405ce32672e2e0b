"""What the conditions of one block came to, noted as they are read."""

import msgspec
from sqlglot import exp

from pgtune_cli.sql.expression_text import Side, index_expression, outermost_function, side
from pgtune_cli.sql.parameter_uses import ParameterUses
from pgtune_cli.sql.parse import MAX_LIST, Parsed
from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import Block, CountCheck, JoinPair, Operand, Predicate, Use
from pgtune_cli.sql.shape_types import PredicateKind as Kind
from pgtune_cli.sql.walk import (
    cast_type,
    is_query,
    literals_of,
    lone_constant,
    own_nodes,
    parameters_of,
    unwrap_query,
)

Blocks = dict[int, int]
"""block index by id() of the query node."""


class Found(msgspec.Struct):
    """What the conditions of one block came to."""

    predicates: list[Predicate] = msgspec.field(default_factory=list)
    joins: list[JoinPair] = msgspec.field(default_factory=list)
    count_checks: list[CountCheck] = msgspec.field(default_factory=list)


class Notes:
    """Notes the predicates of one block, and what its parameters are for."""

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

"""Select items, sort keys, aggregates and functions of one block."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from pgtune_cli.sql.expression_text import index_expression, output_name, side
from pgtune_cli.sql.lex import TokenKind, tokens
from pgtune_cli.sql.operators import commuted, distance, sides
from pgtune_cli.sql.parse import Parsed
from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import Aggregate, ColumnRef, SelectItem, SortKey
from pgtune_cli.sql.walk import (
    aggregate_name,
    identifier_name,
    is_count_star,
    is_query,
    lone_constant,
    own_nodes,
    parameters_of,
    unparen,
)


class ListReader:
    """Reads the lists of one block."""

    def __init__(self, parsed: Parsed, scope: Scope) -> None:
        self._parsed = parsed
        self._scope = scope

    def item(self, node: exp.Expr) -> SelectItem:
        """One item of a select list."""
        value = node.unalias()
        span = self._parsed.span(node)
        if isinstance(value, exp.Star):
            return SelectItem(name=None, star=True, span=span)
        if isinstance(value, exp.Column) and isinstance(value.this, exp.Star):
            return SelectItem(name=None, star=True, star_of=identifier_name(value.args.get("table")), span=span)
        found = side(value, self._scope)
        plain = isinstance(unparen(value), exp.Column)
        return SelectItem(
            name=output_name(node),
            column=found.column if plain else None,
            expression=None if plain else self._parsed.source(value),
            columns=found.columns,
            aggregate=aggregate_name(value),
            count_star=is_count_star(value),
            window=any(isinstance(each, exp.Window) for each in own_nodes(value)),
            span=span,
        )

    def sort_keys(
        self,
        nodes: Sequence[exp.Expr],
        items: Sequence[exp.Expr],
        select: Sequence[SelectItem],
        *,
        grouping: bool = False,
    ) -> tuple[SortKey, ...]:
        """Keys of ORDER BY, GROUP BY, DISTINCT ON or a window, ordinals and output aliases resolved."""
        return tuple(self._sort_key(node, items, select, grouping=grouping) for node in nodes)

    def _sort_key(
        self, node: exp.Expr, items: Sequence[exp.Expr], select: Sequence[SelectItem], *, grouping: bool
    ) -> SortKey:
        ordered = node if isinstance(node, exp.Ordered) else None
        inner = unparen(ordered.this if ordered is not None else node)
        collation = None
        if isinstance(inner, exp.Collate):
            collation, inner = inner.expression.name, unparen(inner.this)
        value = self._behind(inner, items, select, grouping=grouping)
        found = side(value, self._scope)
        plain = isinstance(unparen(value), exp.Column)
        near = self._distance(unparen(value))
        return SortKey(
            distance_of=near[0] if near else None,
            distance=near[1] if near else None,
            column=found.column if plain else None,
            expression=None if plain and found.column is not None else self._parsed.source(value),
            index_expression=None if plain else index_expression(value, self._parsed, self._scope),
            columns=found.columns,
            aggregate=any(aggregate_name(each) or isinstance(each, exp.Window) for each in own_nodes(value)),
            parameters=parameters_of(value),
            descending=bool(ordered and ordered.args.get("desc")),
            nulls_first=bool(ordered and ordered.args.get("nulls_first")),
            nulls_written=_says_nulls(self._parsed.source(node)),
            collation=collation,
            constant=lone_constant(value) is not None,
            span=self._parsed.span(node),
        )

    def _distance(self, node: exp.Expr) -> tuple[ColumnRef, str] | None:
        """`column <-> $1`, from either side."""
        operator, both = distance(node), sides(node)
        if operator is None or both is None:
            return None
        left, right = (side(each, self._scope) for each in both)
        if left.column is None:
            left, right, operator = right, left, commuted(operator)
        whole = left.column is None or left.cast is not None or right.columns or right.own or right.has_query
        return None if whole or operator is None or left.column is None else (left.column, operator)

    def _behind(
        self, node: exp.Expr, items: Sequence[exp.Expr], select: Sequence[SelectItem], *, grouping: bool
    ) -> exp.Expr:
        """The select item that an ordinal or an alias stands for. GROUP BY prefers a column, ORDER BY the alias."""
        if isinstance(node, exp.Literal) and node.name.isdecimal() and 0 < int(node.name) <= len(items):
            if not any(item.star for item in select[: int(node.name)]):
                return items[int(node.name) - 1].unalias()
            return node
        if not isinstance(node, exp.Column) or node.args.get("table") is not None:
            return node
        if grouping and self._scope.resolve(node) is not None:
            return node
        name = identifier_name(node.this)
        aliases = [
            item for item in items if isinstance(item, exp.Alias) and identifier_name(item.args["alias"]) == name
        ]
        return aliases[0].this if aliases else node

    def windows(self, node: exp.Expr) -> Iterator[exp.Expr]:
        """Window functions of the select list and ORDER BY, and the named windows."""
        for tree in (*node.expressions, node.args.get("order"), *(node.args.get("windows") or ())):
            for each in own_nodes(tree) if tree is not None else ():
                if isinstance(each, exp.Window):
                    yield each

    def aggregates(self, node: exp.Expr) -> tuple[Aggregate, ...]:
        """Aggregate calls of the select list, HAVING and ORDER BY, window functions left out."""
        found = []
        for tree in (*node.expressions, node.args.get("having"), node.args.get("order")):
            for each in own_nodes(tree) if tree is not None else ():
                if isinstance(each, exp.Filter | exp.WithinGroup | exp.Paren):
                    continue
                name = aggregate_name(each)
                if name is not None and not _in_window(each):
                    found.append(self._aggregate(each, name))
        return tuple(dict.fromkeys(found))

    def _aggregate(self, node: exp.Expr, name: str) -> Aggregate:
        argument = node.this if isinstance(node.this, exp.Expr) else next(iter(node.expressions), None)
        distinct = isinstance(argument, exp.Distinct)
        if isinstance(argument, exp.Distinct):
            argument = next(iter(argument.expressions), None)
        column = self._scope.resolve(argument) if isinstance(argument, exp.Column) else None
        return Aggregate(name=name, star=isinstance(argument, exp.Star), distinct=distinct, column=column)

    def unresolved(self, node: exp.Expr) -> tuple[str, ...]:
        """Column names that no table of the catalog could be given."""
        aliases = {output_name(item) for item in node.expressions if isinstance(item, exp.Alias)}
        names = []
        for each in own_nodes(node):
            if (
                isinstance(each, exp.Column)
                and not isinstance(each.this, exp.Star)
                and self._scope.resolve(each) is None
            ):
                name = identifier_name(each.this)
                if name is not None and (each.args.get("table") is not None or name not in aliases):
                    names.append(name)
        return tuple(dict.fromkeys(names))

    def functions(self, node: exp.Expr) -> tuple[str, ...]:
        """Names in front of a parenthesis in this block's text, keywords and nested queries left out."""
        whole = self._parsed.span(node)
        if whole is None:
            return ()
        found = [token for token in self._parsed.tokens if whole[0] <= token.start and token.end <= whole[1]]
        spans = [self._parsed.span(each) for each in own_nodes(node) if each is not node and is_query(each)]
        names = []
        for at, token in enumerate(found[:-1]):
            inside = any(span is not None and span[0] <= token.start < span[1] for span in spans)
            if found[at + 1].text == "(" and not inside and token.name is not None and token.word not in _NO_FUNCTIONS:
                schema = at > 1 and found[at - 1].text == "." and found[at - 2].name is not None
                names.append(f"{found[at - 2].name}.{token.name}" if schema else token.name)
        return tuple(dict.fromkeys(names))


_NO_FUNCTIONS = frozenset(
    [
        *("in", "any", "all", "some", "exists", "and", "or", "not", "on", "using", "as", "values", "over", "filter"),
        *("by", "select", "from", "where", "having", "when", "then", "else", "lateral", "join", "row", "case", "like"),
        *("between", "distinct", "union", "except", "intersect", "within", "numeric", "varchar", "char", "decimal"),
        *("timestamp", "time", "interval", "bit", "sets", "rollup", "cube", "group", "limit", "offset", "returning"),
        *("array", "ilike", "similar", "is", "with", "only", "into", "set", "cast", "materialized"),
    ]
)


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.Paren):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def _says_nulls(source: str | None) -> bool:
    if source is None or "nulls" not in source.lower():
        return False
    return any(token.kind is TokenKind.WORD and token.word == "nulls" for token in tokens(source))

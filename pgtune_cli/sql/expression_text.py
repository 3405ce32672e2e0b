"""The left side of a predicate or a sort key: its text, its columns, and the form that an index could have."""

import msgspec
from sqlglot import exp

from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, TruncatedText, tokens
from pgtune_cli.sql.parse import Parsed
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import ColumnRef
from pgtune_cli.sql.walk import cast_type, identifier_name, is_query, own_nodes, parameters_of, unparen


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison, resolved."""

    node: exp.Expr
    column: ColumnRef | None = None
    """it is a column, or one under casts only."""
    cast: str | None = None
    columns: tuple[ColumnRef, ...] = ()
    own: bool = False
    """it reads a table of this block (resolved or not)."""
    foreign: bool = False
    """it reads a table of an enclosing block."""
    has_query: bool = False


def side(node: exp.Expr, scope: Scope) -> Side:
    """What one side of a comparison reads."""
    nodes = own_nodes(node)
    names = [each for each in nodes if isinstance(each, exp.Column)]
    found = [scope.resolve(each) for each in names]
    columns = tuple(dict.fromkeys(each for each in found if each is not None))
    inner, cast = unparen(node), None
    while isinstance(inner, exp.Cast):
        cast = cast or cast_type(inner)
        inner = unparen(inner.this)
    column = scope.resolve(inner) if isinstance(inner, exp.Column) else None
    own = any(each is None or not each.outer for each in found)
    foreign = any(each is not None and each.outer for each in found)
    has_query = any(is_query(each) for each in nodes)
    return Side(node=node, column=column, cast=cast, columns=columns, own=own, foreign=foreign, has_query=has_query)


def index_expression(node: exp.Expr, parsed: Parsed, scope: Scope) -> str | None:
    """The expression as CREATE INDEX would take it; None with parameters, subqueries, or columns of several tables."""
    span, text = parsed.span(node), parsed.source(node)
    if span is None or text is None or parameters_of(node):
        return None
    edits, aliases = [], set()
    for each in own_nodes(node):
        if is_query(each):
            return None
        if isinstance(each, exp.Column):
            reference, place = scope.resolve(each), parsed.span(each)
            if reference is None or reference.outer or reference.derived or place is None:
                return None
            aliases.add(reference.alias)
            edits.append(Edit(place[0] - span[0], place[1] - span[0], quote_identifier(reference.column)))
    if len(aliases) != 1 or not _is_whole(text):
        return None
    return apply_edits(text, set(edits))


def _is_whole(text: str) -> bool:
    try:
        found = tokens(text)
    except TruncatedText:
        return False
    return Brackets(found).balanced


def outermost_function(text: str | None) -> str | None:
    """`lower` of `lower(x)`, `->>` of `payload ->> 'kind'`, `cast` of `x::date`; None of a plain name."""
    if text is None:
        return None
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    brackets = Brackets(found)
    while len(found) > 1 and found[0].text == "(" and brackets.partner.get(0) == len(found) - 1:
        found = found[1:-1]
        brackets = Brackets(found)
    outside = [token for at, token in enumerate(found) if brackets.depth[at] == 0]
    operators = [token for token in outside if token.kind is TokenKind.OPERATOR or token.text == "::"]
    if operators:
        return "cast" if all(token.text == "::" for token in operators) else operators[-1].text
    opening = next((at for at, token in enumerate(found) if token.text == "("), 0)
    if opening and brackets.partner.get(opening) == len(found) - 1:
        return found[opening - 1].name
    return found[0].word if len(found) > 1 and found[0].word in ("case", "array", "not") else None


def output_name(node: exp.Expr) -> str | None:
    """The name that a select item gives its column, as far as it follows from the text."""
    if isinstance(node, exp.Alias):
        return identifier_name(node.args.get("alias"))
    inner = unparen(node)
    while isinstance(inner, exp.Cast):
        inner = unparen(inner.this)
    return identifier_name(inner.this) if isinstance(inner, exp.Column) else None

"""Small questions about sqlglot expressions: what they hold, without looking into subqueries."""

from sqlglot import exp

from pgtune_cli.sql.lex import folded
from pgtune_cli.sql.shape_types import Bound

AGGREGATES = frozenset(
    [
        *(
            "count",
            "sum",
            "avg",
            "min",
            "max",
            "array_agg",
            "string_agg",
            "json_agg",
            "jsonb_agg",
            "bool_and",
            "bool_or",
        ),
        *("every", "json_object_agg", "jsonb_object_agg", "bit_and", "bit_or", "bit_xor", "stddev", "stddev_pop"),
        *("stddev_samp", "variance", "var_pop", "var_samp", "corr", "covar_pop", "covar_samp", "xmlagg", "mode"),
        *("percentile_cont", "percentile_disc", "range_agg", "any_value", "regr_slope", "regr_intercept", "regr_r2"),
        *("range_intersect_agg", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy"),
    ]
)
_QUERIES = (exp.Select, exp.SetOperation)
_MAY_BE_QUERY = frozenset([exp.Select, exp.Union, exp.Except, exp.Intersect, exp.Subquery])
_type_names: dict[object, str] = {}
"""of types without arguments, by sqlglot's kind: to write one out takes as long as to parse a short text."""
_WINDOW_ONLY: frozenset[type] = frozenset([exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue])


def own_nodes(node: exp.Expr) -> list[exp.Expr]:
    """The node and all below it, first to last; a nested query is given, but not entered."""
    found = []
    stack = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        if current is node or not (type(current) in _MAY_BE_QUERY and is_query(current)):
            stack += _children(current)
    return found


def all_nodes(node: exp.Expr) -> list[exp.Expr]:
    """The node and all below it, first to last, nested queries entered."""
    found = []
    stack = [node]
    while stack:
        current = stack.pop()
        found.append(current)
        stack += _children(current)
    return found


def _children(node: exp.Expr) -> list[exp.Expr]:
    """Last to first. Written out: every text is walked several times, and sqlglot's generators take most of that."""
    found: list[exp.Expr] = []
    for value in node.args.values():
        if isinstance(value, exp.Expr):
            found.append(value)
        elif type(value) is list:
            found += [each for each in value if isinstance(each, exp.Expr)]
    found.reverse()
    return found


def is_query(node: exp.Expr) -> bool:
    """A SELECT, a set operation, or one of them in parentheses."""
    return isinstance(node, _QUERIES) or (isinstance(node, exp.Subquery) and is_query(unwrap_query(node)))


def unwrap_query(node: exp.Expr) -> exp.Expr:
    """Out of the parentheses around a query."""
    while isinstance(node, exp.Subquery) and isinstance(node.this, exp.Expr):
        node = node.this
    return node


def unparen(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def identifier_name(node: exp.Expr | None) -> str | None:
    """The name as the catalog has it: folded to lower case unless quoted."""
    if not isinstance(node, exp.Identifier):
        return None
    return str(node.this) if node.args.get("quoted") else folded(str(node.this))


def parameter_number(node: exp.Expr | None) -> int | None:
    """n of `$n`."""
    if not isinstance(node, exp.Parameter):
        return None
    text = node.this.name if isinstance(node.this, exp.Expr) else str(node.this)
    return int(text) if text.isdecimal() else None


def parameters_of(node: exp.Expr) -> tuple[int, ...]:
    """Numbers of the parameters within the node, nested queries left out."""
    numbers = (parameter_number(each) for each in own_nodes(node))
    return tuple(number for number in numbers if number is not None)


def literals_of(node: exp.Expr) -> tuple[str, ...]:
    """Texts of the constants within the node, those in nested queries and the numbers of parameters left out."""
    return tuple(
        str(each.this)
        for each in own_nodes(node)
        if isinstance(each, exp.Literal) and not isinstance(each.parent, exp.Parameter)
    )


def lone_constant(node: exp.Expr) -> exp.Expr | None:
    """The parameter or constant under parentheses, a sign and casts; None when there is more."""
    while isinstance(node, exp.Paren | exp.Cast | exp.Neg):
        node = node.this
    return node if isinstance(node, exp.Parameter | exp.Literal | exp.Boolean | exp.Null) else None


def cast_type(node: exp.Expr | None) -> str | None:
    """`numeric(10, 2)` of a cast, in lower case."""
    node = unparen(node) if node is not None else None
    if not isinstance(node, exp.Cast):
        return None
    type_ = node.args["to"]
    bare = isinstance(type_, exp.DataType) and not any(value for key, value in type_.args.items() if key != "this")
    if bare and type_.this in _type_names:
        return _type_names[type_.this]
    # sqlglot prefers the standard's name, PostgreSQL and its users the other
    name = str(type_.sql("postgres")).lower().replace("decimal", "numeric", 1)
    if bare:
        _type_names[type_.this] = name
    return name


def list_elements(node: exp.Expr) -> list[exp.Expr] | None:
    """The elements of `(a, b)` or ARRAY[a, b]; None for anything else."""
    inner = unparen(node)
    if isinstance(inner, exp.Cast):
        inner = unparen(inner.this)
    if isinstance(inner, exp.Tuple | exp.Array):
        return list(inner.expressions)
    return None


def bound(node: exp.Expr | None, *, with_ties: bool = False) -> Bound | None:
    """LIMIT or OFFSET from its value."""
    if node is None:
        return None
    constant = lone_constant(node)
    if isinstance(constant, exp.Null) or (constant is None and node.sql().lower() == "all"):
        return None
    number = parameter_number(constant)
    text = constant.name if isinstance(constant, exp.Literal) else ""
    value = int(text) if text.isdecimal() and not node.find(exp.Neg) else None
    return Bound(parameter=number, value=value, with_ties=with_ties)


def aggregate_name(node: exp.Expr) -> str | None:
    """The name of an aggregate call, FILTER and WITHIN GROUP around it allowed; None for a window function."""
    while isinstance(node, exp.Filter | exp.WithinGroup | exp.Paren):
        node = node.this
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        return name if name in AGGREGATES else None
    if isinstance(node, exp.AggFunc) and type(node) not in _WINDOW_ONLY:
        return node.sql_name().lower()
    return None


def is_count_star(node: exp.Expr) -> bool:
    while isinstance(node, exp.Filter | exp.Paren):
        node = node.this
    return isinstance(node, exp.Count) and isinstance(node.this, exp.Star)

"""Which kind of predicate a sqlglot node is, and how PostgreSQL spells its operator."""

from sqlglot import exp

from pgtune_cli.sql.shape_types import PredicateKind as Kind

COMPARISONS: dict[type[exp.Expr], tuple[Kind, str]] = {
    exp.EQ: (Kind.EQ, "="),
    exp.NullSafeEQ: (Kind.EQ, "IS NOT DISTINCT FROM"),
    exp.NEQ: (Kind.NOT_EQ, "<>"),
    exp.NullSafeNEQ: (Kind.NOT_EQ, "IS DISTINCT FROM"),
    exp.GT: (Kind.RANGE, ">"),
    exp.GTE: (Kind.RANGE, ">="),
    exp.LT: (Kind.RANGE, "<"),
    exp.LTE: (Kind.RANGE, "<="),
    exp.Like: (Kind.LIKE, "~~"),
    exp.ILike: (Kind.ILIKE, "~~*"),
    exp.SimilarTo: (Kind.REGEX, "SIMILAR TO"),
    exp.RegexpLike: (Kind.REGEX, "~"),
    exp.RegexpILike: (Kind.REGEX, "~*"),
    exp.ArrayContainsAll: (Kind.CONTAINS, "@>"),
    exp.ArrayContainedBy: (Kind.CONTAINS, "<@"),
    exp.ArrayOverlaps: (Kind.OVERLAP, "&&"),
    exp.JSONBContainsTopKey: (Kind.EXISTS_KEY, "?"),
    exp.JSONBContainsAnyTopKeys: (Kind.EXISTS_KEY, "?|"),
    exp.JSONBContainsAllTopKeys: (Kind.EXISTS_KEY, "?&"),
    exp.JSONBPathExists: (Kind.CONTAINS, "@?"),
    exp.MatchAgainst: (Kind.TEXT_SEARCH, "@@"),
    exp.Mod: (Kind.SIMILAR, "%"),
    exp.Distance: (Kind.SIMILAR, "<->"),
    # as a condition these are no arithmetic: PostgreSQL wants a boolean there
    exp.BitwiseLeftShift: (Kind.OPERATOR, "<<"),
    exp.BitwiseRightShift: (Kind.OPERATOR, ">>"),
    exp.ExtendsLeft: (Kind.OPERATOR, "&<"),
    exp.ExtendsRight: (Kind.OPERATOR, "&>"),
    exp.Adjacent: (Kind.OPERATOR, "-|-"),
}
CONDITIONS_ONLY = (exp.Mod, exp.BitwiseLeftShift, exp.BitwiseRightShift)
"""comparisons where they are a condition by themselves, arithmetic elsewhere"""
_BY_NAME = {operator: kind for kind, operator in COMPARISONS.values()}
_FLIPPED = {
    **{"=": "=", "<>": "<>", "IS NOT DISTINCT FROM": "IS NOT DISTINCT FROM", "IS DISTINCT FROM": "IS DISTINCT FROM"},
    **{"<": ">", ">": "<", "<=": ">=", ">=": "<=", "@>": "<@", "<@": "@>", "&&": "&&", "@@": "@@", "%": "%"},
    **{"<<": ">>", ">>": "<<", "<<=": ">>=", ">>=": "<<=", "~=": "~=", "-|-": "-|-", "<->": "<->"},
    **{"<<|": "|>>", "|>>": "<<|", "<%": "%>", "%>": "<%", "<<%": "%>>", "%>>": "<<%"},
    **{"<->>": "<<->", "<<->": "<->>", "<->>>": "<<<->", "<<<->": "<->>>"},
}
_NEGATION = {
    **{"=": (Kind.NOT_EQ, "<>"), "<>": (Kind.EQ, "="), "<": (Kind.RANGE, ">="), ">=": (Kind.RANGE, "<")},
    **{">": (Kind.RANGE, "<="), "<=": (Kind.RANGE, ">")},
}


def sides(node: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """Left and right operand of a comparison, as written."""
    if isinstance(node, exp.Escape):
        node = node.this
    if isinstance(node, exp.MatchAgainst):
        return (node.expressions[0], node.this) if len(node.expressions) == 1 else None
    left, right = node.args.get("this"), node.args.get("expression")
    return (left, right) if isinstance(left, exp.Expr) and isinstance(right, exp.Expr) else None


def comparison(node: exp.Expr) -> tuple[Kind, str] | None:
    """Kind and operator, with the sides as written and without a NOT; None when the node is no comparison."""
    if isinstance(node, exp.Operator):
        # OPERATOR(schema.name); the type of the column tells what it means
        name = str(node.args["operator"]).rpartition(".")[2].strip()
        return _BY_NAME.get(name, Kind.OPERATOR), name
    return COMPARISONS.get(type(node.this if isinstance(node, exp.Escape) else node))


def distance(node: exp.Expr) -> str | None:
    """The operator of a sort key `a <-> b`; None where sqlglot knows the node as something else."""
    found = comparison(node) if isinstance(node, exp.Distance | exp.Operator) else None
    return found[1] if found is not None else None


def commuted(operator: str) -> str | None:
    """The operator that says the same with the sides exchanged."""
    return _FLIPPED.get(operator)


def is_negated(node: exp.Expr) -> bool:
    """NOT LIKE, NOT ILIKE, !~~."""
    return bool((node.this if isinstance(node, exp.Escape) else node).args.get("negate"))


def negation(operator: str) -> tuple[Kind, str] | None:
    """`>=` for `<`; None where no operator says the opposite."""
    return _NEGATION.get(operator)


def flipped(kind: Kind, operator: str) -> tuple[Kind, str]:
    """The same comparison with its sides exchanged; OTHER when no operator says that: `$1 LIKE column`."""
    other = _FLIPPED.get(operator)
    return (kind, other) if other is not None else (Kind.OTHER, operator)

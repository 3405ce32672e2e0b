"""What each `$n` is for."""

import msgspec
from sqlglot import exp

from pgtune_cli.sql.lex import tokens
from pgtune_cli.sql.shape_types import ColumnRef, ParameterUse, PredicateKind, Use
from pgtune_cli.sql.walk import all_nodes, cast_type, parameter_number


class ParameterUses:
    """Collects the uses of one statement; the first that is told of a place holds."""

    def __init__(self) -> None:
        self._uses: dict[int, ParameterUse] = {}

    def add(
        self,
        node: exp.Parameter,
        use: Use,
        *,
        column: ColumnRef | None = None,
        kind: PredicateKind | None = None,
        operator: str | None = None,
        expression: str | None = None,
        place: int = 0,
    ) -> None:
        """Notes what the parameter at this place of the tree is for."""
        number = parameter_number(node)
        if number is None or id(node) in self._uses:
            return
        self._uses[id(node)] = ParameterUse(
            number=number,
            use=use,
            column=column,
            kind=kind,
            operator=operator,
            type=_type(node),
            expression=expression,
            place=place,
        )

    def add_all(self, tree: exp.Expr, use: Use, column: ColumnRef | None = None) -> None:
        """Every parameter below `tree` that nothing was told of yet."""
        for node in parameters_below(tree):
            self.add(node, use, column=column)

    def all(self, tree: exp.Expr) -> tuple[ParameterUse, ...]:
        """By number, then by appearance."""
        self.add_all(tree, Use.OTHER)
        order = {id(node): at for at, node in enumerate(parameters_below(tree))}
        places = sorted(self._uses, key=lambda key: (self._uses[key].number, order.get(key, 0)))
        return tuple(self._uses[key] for key in places)

    def with_cut_off(self, tree: exp.Expr, text: str) -> tuple[ParameterUse, ...]:
        """As `all`, and for parameters at the end of a list too long to be parsed, what the one before them is for."""
        known = {use.number: use for use in self.all(tree)}
        numbers = sorted({token.number for token in tokens(text) if token.number is not None})
        more = []
        last = ParameterUse(number=0, use=Use.OTHER)
        for number in numbers:
            if number not in known:
                more.append(msgspec.structs.replace(last, number=number, place=last.place + number - last.number))
            else:
                last = known[number]
        return tuple(sorted((*self.all(tree), *more), key=lambda use: use.number))


def parameters_below(tree: exp.Expr) -> list[exp.Parameter]:
    """First to last, those of nested queries too."""
    return [node for node in all_nodes(tree) if isinstance(node, exp.Parameter)]


def _type(node: exp.Expr) -> str | None:
    """The type of the cast directly around it."""
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Neg):
        parent = parent.parent
    return cast_type(parent)

"""sqlglot's PostgreSQL parser, made to remember where each expression stood in the text."""

import logging
from collections.abc import Callable
from typing import Any

from sqlglot import exp, parser
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.parsers.postgres import PostgresParser

from pgtune_cli.errors import UsageError

logging.getLogger("sqlglot").addHandler(logging.NullHandler())
logging.getLogger("sqlglot").propagate = False

_DIALECT = Postgres()

if not str(parser.__file__).endswith(".py"):
    # a compiled class cannot be made to remember places, and then no statement at all could be read
    raise UsageError(
        "sqlglot is installed in its compiled form (sqlglot[c]), which pgtune cannot read SQL with",
        "install pgtune in an environment of its own, or: pip uninstall sqlglotc",
    )


def _spanned(name: str) -> Callable[..., Any]:
    """The parser's method, which then notes the first and last character it read on the node that it returns."""
    method = getattr(PostgresParser, name)

    def parse_and_note(self: Any, *args: Any, **kwargs: Any) -> Any:
        first = self._curr
        start = self._index
        node = method(self, *args, **kwargs)
        if isinstance(node, exp.Expr) and self._index > start:
            node.meta["span"] = (first.start, self._prev.end + 1)
        return node

    return parse_and_note


class _Parser(PostgresParser):
    """Levels of the expression grammar at which a node is whole."""

    _parse_disjunction = _spanned("_parse_disjunction")
    _parse_conjunction = _spanned("_parse_conjunction")
    _parse_equality = _spanned("_parse_equality")
    _parse_range = _spanned("_parse_range")
    _parse_bitwise = _spanned("_parse_bitwise")
    _parse_unary = _spanned("_parse_unary")
    _parse_type = _spanned("_parse_type")
    _parse_column = _spanned("_parse_column")
    _parse_expression = _spanned("_parse_expression")
    _parse_select = _spanned("_parse_select")
    _parse_table = _spanned("_parse_table")
    _parse_table_parts = _spanned("_parse_table_parts")
    _parse_ordered = _spanned("_parse_ordered")


def parse_text(text: str) -> exp.Expr | None:
    """The tree of one statement; None when sqlglot cannot read it, or reads several or none."""
    try:
        trees = _Parser(dialect=_DIALECT).parse(_DIALECT.tokenize(text), text)
    except (SqlglotError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        # sqlglot builds some functions from arguments that it expects to be constants
        return None
    whole = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(whole) != 1 or isinstance(whole[0], exp.Command):
        return None
    return whole[0]

"""How stable the functions are that a text calls: from the catalog, and the keywords that are functions."""

from collections.abc import Iterable

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.shape_types import Block

SESSION_KEYWORDS = frozenset(
    [
        *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user"),
        *("session_user", "user", "current_role", "current_catalog", "current_schema", "system_user"),
    ]
)
"""functions that are called without parentheses; all of them stable."""


class Volatility:
    """Answers for one catalog. A name stands for all its overloads, and for every schema."""

    def __init__(self, catalog: Catalog) -> None:
        self.known = catalog.builtin_functions is not None
        """False for a snapshot that was made without the built-in functions."""
        self._letters: dict[str, str] = {}
        self._sets: set[str] = set()
        for builtin in catalog.builtin_functions or ():
            self._letters[builtin.name] = builtin.volatility
            if builtin.returns_set:
                self._sets.add(builtin.name)
        for own in catalog.functions:
            self._letters[own.name] = "".join(sorted({*self._letters.get(own.name, ""), own.volatility}))
            if own.result.upper().startswith(("SETOF", "TABLE(")):
                self._sets.add(own.name)

    def volatile(self, names: Iterable[str]) -> str | None:
        """The first of the functions that may answer differently within one statement."""
        return next((name for name in map(_bare, names) if "v" in self._letters.get(name, "i")), None)

    def not_immutable(self, names: Iterable[str]) -> str | None:
        """The first that may answer differently in another session or later, in every overload."""
        return next((name for name in map(_bare, names) if "i" not in self._letters.get(name, "i")), None)

    def returns_set(self, names: Iterable[str]) -> str | None:
        return next((name for name in map(_bare, names) if name in self._sets), None)

    def multiplies(self, block: Block) -> str | None:
        """A set-returning function of its select list, groups or orders, which makes several rows of one, or none."""
        orders = (*block.group_by, *block.order_by, *block.window_order)
        texts = [*(item.expression for item in block.select), *(key.expression for key in orders)]
        own = set(map(_bare, block.functions))  # not those of subqueries
        return self.returns_set(name for text in texts for name in called(text or "") if name in own)


def session_keyword(text: str) -> str | None:
    """The first of current_date, current_user, … in an expression."""
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    return next((token.word for token in found if token.word in SESSION_KEYWORDS), None)


def called(text: str) -> tuple[str, ...]:
    """Names in front of a parenthesis."""
    try:
        found = tokens(text)
    except TruncatedText:
        return ()
    return tuple(
        name for at, token in enumerate(found[:-1]) if found[at + 1].text == "(" and (name := token.name) is not None
    )


def _bare(name: str) -> str:
    return name.rpartition(".")[2]

"""CREATE STATISTICS and its name."""

from collections.abc import Container, Sequence

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.free_name import free_name
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.quote import qualified, quote_identifier

MOST_KEYS = 8


def statistics_name(table: RelationName, keys: Sequence[str], taken: Container[str]) -> str:
    """A name that says what they are of: printable, at most 63 bytes, not among `taken` (bare names)."""
    return free_name("_".join([table.name, *(_words(key) for key in keys)]), "_stats", taken)


def create_statistics_sql(
    table: RelationName, name: str, columns: Sequence[str], expressions: Sequence[str] = (), kinds: Sequence[str] = (),
    *, if_not_exists: bool = False,
) -> str:  # fmt: skip
    """Without `kinds` all of them. A lone expression takes none: it gets statistics as a column has them."""
    keys = ", ".join([*map(quote_identifier, columns), *(f"({text})" for text in expressions)])
    there = "IF NOT EXISTS " if if_not_exists else ""
    of = f" ({', '.join(kinds)})" if kinds else ""
    own = qualified(RelationName(table.schema, name))
    return f"CREATE STATISTICS {there}{own}{of} ON {keys} FROM {qualified(table)}"


def is_same_statistics(script: str, sql: str) -> bool:
    """Whether a script begins with this statement, or creates statistics on the same keys: name and kinds apart."""
    keys = _keys_of(sql)
    return _keys_of(script) == keys if keys else script.startswith(sql)


def _keys_of(sql: str) -> frozenset[str]:
    """Between ON and FROM, as they are written; none of another statement."""
    try:
        found = tokens(sql)
    except TruncatedText:
        return frozenset()
    if [token.word for token in found[:2]] != ["create", "statistics"]:
        return frozenset()
    keys, depth, started = [""], 0, False
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.word == "from":
            break
        if depth == 0 and token.text == "," and started:
            keys.append("")
        elif started:
            keys[-1] += token.text
        started = started or (depth == 0 and token.word == "on")
    return frozenset(keys)


def _words(key: str) -> str:
    """A column's name as it is; of an expression its names."""
    try:
        found = [token.name for token in tokens(key) if token.name is not None]
    except TruncatedText:
        found = []
    return "_".join(found) if found and any(c in key for c in "( ") else key

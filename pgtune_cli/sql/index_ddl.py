"""CREATE INDEX and DROP INDEX texts, and names for new indexes."""

import re

from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.free_name import free_name
from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import TokenKind, TruncatedText, lex, tokens
from pgtune_cli.sql.quote import qualified, quote_identifier

_PARAMETRISED = re.compile(r"(?P<name>[^(]+)(?P<options>\([\w\s=,]*\))?\Z")


def create_index_sql(
    candidate: CandidateIndex, name: str, *, concurrently: bool = True, only: bool = False, if_not_exists: bool = False
) -> str:
    """CREATE INDEX without a semicolon. ValueError for an expression that is not one closed expression."""
    unique = "UNIQUE " if candidate.unique else ""
    how = ("CONCURRENTLY " if concurrently else "") + ("IF NOT EXISTS " if if_not_exists else "")
    method = "" if candidate.method == "btree" else f" USING {quote_identifier(candidate.method)}"
    keys = ", ".join(key_sql(key) for key in candidate.keys)
    include = f" INCLUDE ({', '.join(map(quote_identifier, candidate.include))})" if candidate.include else ""
    where = f" WHERE {_closed(candidate.predicate)}" if candidate.predicate is not None else ""
    table = ("ONLY " if only else "") + qualified(candidate.table)
    return f"CREATE {unique}INDEX {how}{quote_identifier(name)} ON {table}{method} ({keys}){include}{where}"


def drop_index_sql(schema: str, name: str, *, concurrently: bool = True, if_exists: bool = False) -> str:
    """DROP INDEX without a semicolon."""
    how = ("CONCURRENTLY " if concurrently else "") + ("IF EXISTS " if if_exists else "")
    return f"DROP INDEX {how}{qualified(RelationName(schema, name))}"


def index_name(candidate: CandidateIndex, taken: set[str]) -> str:
    """A name that says what the index is: printable, at most 63 bytes, not among `taken` (bare names of the schema)."""
    parts = [candidate.table.name, *(_key_words(key) for key in candidate.keys)]
    if candidate.predicate is not None:
        parts.append("partial")
    if candidate.method != "btree":
        parts.append(candidate.method)
    return free_name("_".join(part for part in parts if part), "_key" if candidate.unique else "_idx", taken)


def _key_words(key: IndexKey) -> str:
    """A column's name; of an expression its words: `lower(email)` is `lower_email`."""
    if key.column is not None:
        return key.column
    words = [token.name for token in tokens(key.expression or "") if token.name is not None]
    return "_".join(word for word in words if word not in RESERVED) or "expr"


def key_sql(key: IndexKey) -> str:
    """One key as CREATE INDEX has it: `total DESC`, `(lower(email))`."""
    if key.column is not None:
        text = quote_identifier(key.column)
    elif key.expression is not None:
        text = f"({_closed(key.expression)})"
    else:
        raise ValueError("an index key needs a column or an expression")
    if key.collation is not None:
        text += f" COLLATE {_dotted(key.collation)}"
    if key.opclass is not None:
        text += f" {_operator_class(key.opclass)}"
    if key.descending:
        text += " DESC"
    if key.nulls_first != key.descending:
        text += " NULLS FIRST" if key.nulls_first else " NULLS LAST"
    return text


def _operator_class(opclass: str) -> str:
    """`text_pattern_ops`, `schema.gin_trgm_ops`, `gist_trgm_ops(siglen=32)`; any other text is a name."""
    match = _PARAMETRISED.match(opclass)
    if match is None:
        return _dotted(opclass)
    return _dotted(match["name"]) + (match["options"] or "")


def _dotted(name: str) -> str:
    """`schema.name` or `name`, bare parts, quoted each; a schema holds no dot, a collation may."""
    schema, dot, rest = name.partition(".")
    return f"{quote_identifier(schema)}.{quote_identifier(rest)}" if dot and rest else quote_identifier(name)


def _closed(expression: str) -> str:
    """The expression, if it cannot end the statement that it is put into."""
    try:
        found = lex(expression)
    except TruncatedText as error:
        raise ValueError(f"not one expression: {expression!r}") from error
    depth = 0
    for token in found:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        if depth < 0 or token.text == ";" or token.kind in (TokenKind.COMMENT, TokenKind.PARAMETER):
            raise ValueError(f"not one expression: {expression!r}")
    if depth or not found:
        raise ValueError(f"not one expression: {expression!r}")
    return expression

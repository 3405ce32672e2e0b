"""Columns in the conditions that EXPLAIN prints of a scan."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pgtune_cli.model.catalog import Relation
from pgtune_cli.model.plan import PlanNode
from pgtune_cli.sql.lex import Token, TruncatedText, tokens


def columns_in(node: PlanNode, relation: Relation | None) -> tuple[str, ...]:
    """Columns of the scanned table in the node's filter and index condition, in order of appearance."""
    if relation is None:
        return ()
    names = {column.name for column in relation.columns}
    found: list[str] = []
    for condition in (node.index_cond, node.recheck_cond, node.filter):
        found += [name for name in _column_names(condition, node.alias) if name in names]
    return tuple(dict.fromkeys(found))


def tokens_of(condition: str | None) -> list[Token]:
    """Of a condition; none where it was cut off."""
    try:
        return tokens(condition) if condition else []
    except TruncatedText:
        return []


class Column(NamedTuple):
    alias: str
    name: str


def names_in(condition: str | None) -> set[str]:
    """All that are in a condition: a scan's own columns stand without their alias unless it was printed VERBOSE."""
    return {token.name for token in tokens_of(condition) if token.name is not None}


def qualifiers(condition: str | None) -> list[str]:
    """The aliases that columns are named with; schemas of types are none."""
    return [column.alias for column in qualified(condition)]


@lru_cache(maxsize=4096)
def qualified(condition: str | None) -> tuple[Column, ...]:
    """Columns that are named with their alias; kept, as many plans of a statement have the same conditions."""
    found = tokens_of(condition)
    triples = enumerate(zip(found, found[1:], found[2:], strict=False))
    named = [(one.name, last.name) for at, (one, dot, last) in triples if dot.text == "." and not _is_type(found, at)]
    return tuple(Column(alias, name) for alias, name in named if alias is not None and name is not None)


def _is_type(found: list[Token], place: int) -> bool:
    return place > 0 and found[place - 1].text == "::"


def _column_names(condition: str | None, alias: str | None) -> Iterator[str]:
    """Names that are no function, no type and no column of another table."""
    found = tokens_of(condition)
    for place, token in enumerate(found):
        name = token.name
        before = found[place - 1].text if place else ""
        after = found[place + 1].text if place + 1 < len(found) else ""
        if name is None or before == "::" or after in ("(", "."):
            continue
        if before != "." or _qualifier(found, place) == alias:
            yield name


def _qualifier(found: list[Token], place: int) -> str | None:
    return found[place - 2].name if place >= 2 else None

"""What parameters are compared with, by the tokens around them alone: for texts and operators that no parser takes."""

from collections.abc import Iterator, Sequence

from pgtune_cli.model.catalog import Catalog, Relation
from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens
from pgtune_cli.sql.shape_types import ColumnRef, ParameterUse, PredicateKind, Use

_KINDS = {
    "=": PredicateKind.EQ,
    "<>": PredicateKind.NOT_EQ,
    "!=": PredicateKind.NOT_EQ,
    **dict.fromkeys(("<", "<=", ">", ">=", "between"), PredicateKind.RANGE),
    **dict.fromkeys(("@>", "<@", "@?"), PredicateKind.CONTAINS),
    **dict.fromkeys(("~~", "like"), PredicateKind.LIKE),
    **dict.fromkeys(("~~*", "ilike"), PredicateKind.ILIKE),
    **dict.fromkeys(("~", "~*"), PredicateKind.REGEX),
    "&&": PredicateKind.OVERLAP,
    "@@": PredicateKind.TEXT_SEARCH,
    "?": PredicateKind.EXISTS_KEY,
    "in": PredicateKind.IN,
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "@>": "<@", "<@": "@>"}
_ARITHMETIC = frozenset(["+", "-", "*", "/", "%", "^", "||", "->", "->>", "#>", "#>>", "#-", "|", "&", "#", "::"])
_BEFORE_TABLE = frozenset(["from", "join", "update", "into", "using", "only"])
_BEFORE_CONDITION = frozenset(["and", "or", "not", "where", "on", "having", "when", "select"])
_NOT_AN_ALIAS = RESERVED | {"set", "values", "where"}


def token_uses(sql: str, catalog: Catalog, search_path: Sequence[str]) -> Iterator[ParameterUse]:
    """A use for every `column operator $n`, `$n operator column`, LIMIT and OFFSET that can be told."""
    try:
        found = tokens(sql)
    except TruncatedText:
        return
    tables = _tables(found, catalog, search_path)
    left: tuple[ColumnRef, str] | None = None
    for at, token in enumerate(found):
        if token.number is None:
            continue
        # a list of thousands is walked back once
        if not (at > 1 and found[at - 1].text == "," and found[at - 2].kind is TokenKind.PARAMETER):
            left = _left(found, at, tables)
        before = found[at - 1].word if at else ""
        if before in ("limit", "offset"):
            yield ParameterUse(number=token.number, use=Use.LIMIT if before == "limit" else Use.OFFSET)
            continue
        compared = left or _right(found, at, tables) or _upper(found, at, tables)
        if compared is not None:
            column, operator = compared
            kind = _KINDS.get(operator, PredicateKind.OTHER)
            shown = ">=" if operator == "between" else operator
            yield ParameterUse(number=token.number, use=Use.PREDICATE, column=column, kind=kind, operator=shown)


def _tables(found: Sequence[Token], catalog: Catalog, search_path: Sequence[str]) -> dict[str, Relation]:
    """Relations that the text reads, by alias."""
    tables: dict[str, Relation] = {}
    known: dict[str, list[Relation]] = {}
    for relation in catalog.relations:
        known.setdefault(relation.name, []).append(relation)
    for at, token in enumerate(found):
        if at == 0 or (found[at - 1].word not in _BEFORE_TABLE and found[at - 1].text != ","):
            continue
        qualified = at + 2 < len(found) and found[at + 1].text == "."
        name = found[at + 2].name if qualified else token.name
        schemas = [token.name] if qualified else list(search_path)
        named = [one for schema in schemas for one in known.get(name or "", ()) if one.schema == schema]
        if named and name is not None:
            tables[_alias(found, at + (3 if qualified else 1)) or name] = named[0]
    return tables


def _alias(found: Sequence[Token], at: int) -> str | None:
    if at < len(found) and found[at].word == "as":
        at += 1
    if at < len(found) and found[at].word not in _NOT_AN_ALIAS:
        return found[at].name
    return None


def _left(found: Sequence[Token], at: int, tables: dict[str, Relation]) -> tuple[ColumnRef, str] | None:
    """`column operator $n`, `column operator type $n`, `column IN ($n`, `column operator ANY ($n`."""
    place = at - 1
    while place > 0 and (found[place].text in ("(", ",") or found[place].kind is TokenKind.PARAMETER):
        if found[place].text == "(" and found[place - 1].word not in ("in", "any", "all", "some", ""):
            return None
        place -= 1
    if found[place].word in ("any", "all", "some"):
        place -= 1
    operator = found[place].word or found[place].text
    if place < 1 or not _compares(found[place]):
        return None
    column = _column(found, place - 1, tables)
    return None if column is None else (column, operator)


def _right(found: Sequence[Token], at: int, tables: dict[str, Relation]) -> tuple[ColumnRef, str] | None:
    """`$n operator column`."""
    if at and found[at - 1].kind is TokenKind.OPERATOR:
        return None
    if at + 2 >= len(found) or found[at + 1].kind is not TokenKind.OPERATOR or not _compares(found[at + 1]):
        return None
    place = at + 2
    while place + 2 < len(found) and found[place + 1].text == ".":
        place += 2
    column = _column(found, place, tables)
    operator = found[at + 1].text
    return None if column is None else (column, _TURNED.get(operator, operator))


def _upper(found: Sequence[Token], at: int, tables: dict[str, Relation]) -> tuple[ColumnRef, str] | None:
    """`column BETWEEN … AND $n`."""
    if at < 1 or found[at - 1].word != "and":
        return None
    place = at - 2
    while place > 0 and found[place].word not in (*_BEFORE_CONDITION, "between"):
        place -= 1
    if found[place].word != "between":
        return None
    column = _column(found, place - 1, tables)
    return None if column is None else (column, "<=")


def _compares(token: Token) -> bool:
    return token.word in _KINDS or (token.kind is TokenKind.OPERATOR and token.text not in _ARITHMETIC)


def _column(found: Sequence[Token], at: int, tables: dict[str, Relation]) -> ColumnRef | None:
    """The column that the name ending at `at` is, where only one table has it."""
    name = found[at].name if at >= 0 else None
    if name is None or found[at].word in ("not", "and", "or", "where", "on", "when"):
        return None
    aliases = [found[at - 2].name] if at >= 2 and found[at - 1].text == "." else list(tables)
    owners = [
        (alias, tables[alias])
        for alias in aliases
        if alias is not None and alias in tables and tables[alias].column(name) is not None
    ]
    if len(owners) != 1:
        return None
    alias, relation = owners[0]
    return ColumnRef(alias=alias, relation=relation.relation_name, column=name)

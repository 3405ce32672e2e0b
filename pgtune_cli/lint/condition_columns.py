"""Casts in the conditions that EXPLAIN prints of a scan."""

from collections.abc import Iterator

from pgtune_cli.explain.condition_columns import tokens_of
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import PlanNode
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.lex import Token, TokenKind

TEXTS = {"text", "character varying"}
NAMES = (TokenKind.WORD, TokenKind.QUOTED)


def casts_on_columns(node: PlanNode, name: RelationName, statement: Statement, world: World) -> tuple[str, ...]:
    """Casts that PostgreSQL put over columns in the filter, so that an index on the column does not serve it."""
    leading = {index.keys[0].column for index in world.indexes.get(name, []) if index.valid and index.keys}
    written = _written_casts(statement, name, world)
    found = []
    for column, type_name in _casts(node.filter, node.alias):
        if column in leading and column not in written and not harmless_cast(world, name, column, type_name):
            found.append(f"{column}::{type_name}")
    return tuple(dict.fromkeys(found))


def _written_casts(statement: Statement, name: RelationName, world: World) -> set[str]:
    """Columns that the text itself casts."""
    shape = world.shape(statement)
    return {
        predicate.column.column
        for block in (shape.blocks if shape is not None else ())
        for predicate in block.predicates
        if predicate.cast is not None and predicate.column is not None and predicate.column.relation == name
    }


def _casts(condition: str | None, alias: str | None) -> Iterator[tuple[str, str]]:
    """`(alias.column)::type` and `(column)::type`, as column and type."""
    found = tokens_of(condition)
    for place, token in enumerate(found):
        if token.text != "::" or place < 3 or found[place - 1].text != ")" or found[place - 2].name is None:
            continue
        column = found[place - 2].name or ""
        bare = found[place - 3].text == "("
        dotted = place >= 5 and found[place - 3].text == "." and found[place - 5].text == "("
        if bare or (dotted and found[place - 4].name == alias):
            yield column, _type_name(found, place + 1)


def _type_name(found: list[Token], place: int) -> str:
    """The words of a type name; a modifier such as (10,2) is left out, an array keeps its brackets."""
    words = []
    while place < len(found) and (found[place].kind in NAMES or found[place].text in (".", "[", "]")):
        words.append(found[place].text)
        place += 1
    return " ".join(words).replace(" . ", ".").replace(" [ ]", "[]")


def harmless_cast(world: World, name: RelationName, column: str, type_name: str) -> bool:
    """Whether an index serves the cast: text for varchar, a domain's base type, an index on the cast itself."""
    found = world.column(name, column)
    if found is None:
        return True
    own = found.type.split("(")[0].strip()
    if own == type_name or {own, type_name} <= TEXTS or (own, type_name) == ("cidr", "inet"):
        return True
    base = _base_type(world, own)
    if base is not None and (base == type_name or {base, type_name} <= TEXTS):
        return True
    wanted = f"({column})::{type_name}"
    return any(wanted in (key.expression or "") for index in world.indexes.get(name, []) for key in index.keys)


def _base_type(world: World, own: str) -> str | None:
    """The type under a domain; None for other types."""
    for user_type in world.snapshot.catalog.types:
        if user_type.kind == "d" and own in (user_type.name, f"{user_type.schema}.{user_type.name}"):
            return (user_type.base_type or "").split("(")[0].strip() or None
    return None

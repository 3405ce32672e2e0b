"""Which existing indexes serve a condition."""

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index, IndexKey, RelationName
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.shape import Block, Predicate, PredicateKind

SEARCHABLE = {PredicateKind.EQ, PredicateKind.IN, PredicateKind.RANGE}
ORDERED = {"btree", "hash"}


def usable(table: RelationName, world: World) -> list[Index]:
    """Indexes that the planner may use for any row of the table."""
    return [index for index in world.indexes.get(table, []) if index.valid and index.ready and index.predicate is None]


def leads_index(table: RelationName, column: str, world: World) -> bool:
    """Whether a b-tree or hash index starts with the column."""
    return any(index.method in ORDERED and index.keys[0].column == column for index in usable(table, world))


def has_expression_index(predicate: Predicate, table: RelationName, world: World) -> bool:
    """Whether an index starts with the predicate's expression; spacing, quoting and casts to text do not matter."""
    if predicate.index_expression is None and predicate.cast is None:
        return False
    wanted = _words(predicate.index_expression or predicate.expression or "")
    keys = [index.keys[0] for index in world.indexes.get(table, []) if index.valid and index.keys]
    return bool(wanted) and any(_words(key.expression) == wanted for key in keys if key.expression is not None)


def _words(expression: str | None) -> tuple[str, ...]:
    """The expression without parentheses, schemas and casts: PostgreSQL prints more of each than is written."""
    try:
        found = tokens(expression or "")
    except TruncatedText:
        return ()
    words: list[str] = []
    place = 0
    while place < len(found):
        token = found[place]
        if token.text == "::":
            place = _behind_type(found, place + 1)
            continue
        if token.text == "." and words:
            words.pop()
        elif token.text not in ("(", ")"):
            words.append(token.name or token.text)
        place += 1
    return tuple(words)


def _behind_type(found: list, place: int) -> int:  # type: ignore[type-arg]
    """The place behind a type name: words, dots, brackets."""
    depth = 0
    while place < len(found):
        text = found[place].text
        if text == "(" and found[place].start == found[place - 1].end:
            depth += 1
        elif text == ")" and depth:
            depth -= 1
        elif not depth and found[place].name is None and text not in (".", "[", "]"):
            break
        place += 1
    return place


def has_index(table: RelationName, predicate: Predicate, world: World, wanted: str) -> bool:
    """Whether an index of a method, or with an operator class of that name, covers a column of the condition."""
    columns = {column.column for column in predicate.columns}
    if predicate.column is not None:
        columns.add(predicate.column.column)
    return any(
        _covers(key, columns) and (index.method == wanted or (key.opclass or "").split(".")[-1].endswith(wanted))
        for index in world.indexes.get(table, []) if index.valid
        for key in index.keys
    )  # fmt: skip


def _covers(key: IndexKey, columns: set[str]) -> bool:
    if key.column is not None:
        return key.column in columns
    return bool(columns & set(_words(key.expression)))


def has_partial_index(table: RelationName, column: str, world: World) -> bool:
    """Whether a partial index keeps to some values of the column."""
    partial = [index for index in world.indexes.get(table, []) if index.valid and index.predicate is not None]
    return bool(column) and any(column in _words(index.predicate) for index in partial)


def has_companion(block: Block, predicate: Predicate, table: RelationName, world: World) -> bool:
    """Whether another condition that every row must meet, or a join, can enter an index of the same table."""
    others = [
        other.column.column for other in block.predicates
        if other is not predicate and other.table == predicate.table and other.kind in SEARCHABLE
        and other.column is not None and other.cast is None and not (other.under_or or other.under_not)
    ]  # fmt: skip
    for pair in block.joins:
        for side in (pair.left, pair.right):
            if side.alias == predicate.table and side.relation == table and not pair.under_or:
                others.append(side.column)
    return any(leads_index(table, column, world) for column in others)

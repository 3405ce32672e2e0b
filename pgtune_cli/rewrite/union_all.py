"""UNION becomes UNION ALL where there is nothing to remove: no row in both arms, and none twice in one."""

from collections.abc import Iterator

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import Token
from pgtune_cli.sql.shape_types import Block, PredicateKind

KIND = "union_to_union_all"
EXACT = ("smallint", "integer", "bigint", "boolean", "text", "character varying", "uuid", "date")
"""types of which differently written constants of this form differ"""


def union_all(source: Source) -> Iterator[Found]:
    """For a UNION of two arms that is the whole statement."""
    if source.shape.set_operations != ("union",) or source.whole is None or not source.whole.set_operation:
        return
    arms = [block for block in source.shape.blocks if block.set_operation is not None]
    word = _word(source)
    if len(arms) != 2 or word is None:
        return
    yield _rewrite(source, arms, word)


def _word(source: Source) -> Token | None:
    found = [token for token in source.tokens if token.word == "union"]
    return found[0] if len(found) == 1 else None


def _rewrite(source: Source, arms: list[Block], word: Token) -> Found:
    for arm in arms:
        refusal = _refuse(source, arm)
        if refusal is not None:
            return refusal
    apart, hidden = _disjoint(source, arms)
    if not apart:
        return Refusal("overlap", "nothing says that no row is in both arms")
    return Proposal(
        edits=(Edit(word.end, word.end, " ALL"),),
        conditions=(f"the arms share no row: {apart}", "each arm returns a unique key"),
        possible="pg_stat_statements hides the constants: right only where they differ" if hidden else None,
    )


def _refuse(source: Source, arm: Block) -> Refusal | None:
    if arm.limit or arm.offset or arm.windows or arm.locking:
        return Refusal("limited", "an arm limits or numbers its rows")
    if source.volatile(arm) is not None:
        return Refusal("volatile", f"it calls {source.volatile(arm)}()")
    if arm.distinct and not arm.distinct_on:
        return None
    outputs = source.outputs(arm)
    if outputs is None:
        return Refusal("star", "which columns its * returns cannot be told")
    selected = {(column.alias, column.column) for _, column, _ in outputs if column is not None}
    if arm.group_by and not arm.grouping_sets:
        grouped = {(key.column.alias, key.column.column) for key in arm.group_by if key.column is not None}
        alone = len(grouped) == len(arm.group_by) and grouped <= selected
        return None if alone else Refusal("duplicates", "an arm may return a row twice")
    if arm.aggregates and not arm.group_by:
        return None  # one row
    if arm.aggregates or not arm.tables or source.uniqueness.undecided(arm, selected):
        return Refusal("duplicates", "an arm may return a row twice")
    return None


def _disjoint(source: Source, arms: list[Block]) -> tuple[str, bool]:
    """Why no row is in both arms, and whether that hangs on constants that are hidden."""
    outputs = [source.outputs(arm) or [] for arm in arms]
    for position, ((_, _, one), (_, _, other)) in enumerate(zip(*outputs, strict=False), 1):
        state = _differ(one, other)
        if state is not None:
            return f"column {position} is another constant in each", state == "hidden"
    for position, ((_, one, _), (_, other, _)) in enumerate(zip(*outputs, strict=False), 1):
        if one is None or other is None:
            continue
        values = [_held(arm, column.alias, column.column) for arm, column in ((arms[0], one), (arms[1], other))]
        state = _differ(*values)
        if state is not None and _is_exact(source, arms, (one.alias, other.alias), (one.column, other.column)):
            return f"column {position} is held to another value in each", state == "hidden"
    return _by_row(source, arms, outputs)


def _by_row(source: Source, arms: list[Block], outputs: list) -> tuple[str, bool]:  # type: ignore[type-arg]
    """Both arms return the key of one table, and a column of that table is held to another value in each."""
    tables = [arm.tables[0] if len(arm.tables) == 1 else None for arm in arms]
    one, other = tables
    if one is None or other is None or one.relation is None or one.relation != other.relation:
        return "", False
    returned = [
        [column.column if column is not None and column.relation == one.relation else None for _, column, _ in output]
        for output in outputs
    ]
    same = {a for a, b in zip(*returned, strict=False) if a is not None and a == b}
    if not any(set(key) <= same for key in source.uniqueness.unique_keys(one.relation)):
        return "", False
    for name in source.uniqueness.columns(one):
        state = _differ(_held(arms[0], one.alias, name), _held(arms[1], other.alias, name))
        if state is not None and _is_exact(source, arms, (one.alias, other.alias), (name, name)):
            return f"{name} is held to another value in each", state == "hidden"
    return "", False


def _held(arm: Block, alias: str, column: str) -> str | None:
    """The constant that a condition holds a column to."""
    for predicate in arm.predicates:
        here = predicate.column
        if (
            here is not None and (here.alias, here.column) == (alias, column) and predicate.kind is PredicateKind.EQ
            and predicate.operand.plain and predicate.cast is None and not predicate.under_or
            and not predicate.under_not and predicate.place == "where"
        ):  # fmt: skip
            return predicate.operand.sql
    return None


def _differ(one: str | None, other: str | None) -> str | None:
    """differ, hidden, or None where the two may be equal."""
    if not one or not other or one.strip() == other.strip():
        return None
    texts = [text.strip() for text in (one, other)]
    if all(text.startswith("$") and text[1:].isdecimal() for text in texts):
        return "hidden"
    plain = all(text[0] == text[-1] == "'" and len(text) > 1 and "'" not in text[1:-1] for text in texts)
    numbers = all(text.isdecimal() and not text.startswith("0") for text in texts)
    words = {text.lower() for text in texts} == {"true", "false"}
    return "differ" if plain or numbers or words else None


def _is_exact(source: Source, arms: list[Block], aliases: tuple[str, str], names: tuple[str, str]) -> bool:
    """Differently written constants of the columns' types are different values."""
    for arm, alias, name in zip(arms, aliases, names, strict=True):
        table = arm.table(alias)
        relation = source.catalog.relation(table.relation) if table is not None and table.relation is not None else None
        column = relation.column(name) if relation is not None else None
        if column is None or column.type.partition("(")[0] not in EXACT or column.collation is not None:
            return False
    return True

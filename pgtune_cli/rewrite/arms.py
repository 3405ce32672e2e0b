"""The arms of a set operation: what tells the rows of one apart, and why no row is in two."""

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.source import Output, Source
from pgtune_cli.sql.shape_types import Block, PredicateKind

EXACT = ("smallint", "integer", "bigint", "boolean", "text", "character varying", "uuid", "date")
"""types of which differently written constants of this form differ"""


def arm_key(source: Source, arm: Block) -> tuple[int, ...] | Refusal:
    """The result columns, by position from 0, of which no two rows of the arm agree."""
    if arm.limit or arm.offset or arm.windows or arm.locking:
        return Refusal("limited", "an arm limits or numbers its rows")
    if source.volatile(arm) is not None:
        return Refusal("volatile", f"it calls {source.volatile(arm)}()")
    outputs = source.outputs(arm)
    if outputs is None:
        return () if arm.aggregates_only else Refusal("star", "which columns its * returns cannot be told")
    if arm.distinct and not arm.distinct_on:
        return tuple(range(len(outputs)))
    places = {(column.alias, column.column): at for at, (_, column, _) in reversed([*enumerate(outputs)]) if column}
    if arm.group_by and not arm.grouping_sets:
        grouped = [(key.column.alias, key.column.column) if key.column is not None else None for key in arm.group_by]
        if all(key is not None and key in places for key in grouped):
            return tuple(sorted({places[key] for key in grouped if key is not None}))
        return Refusal("duplicates", "an arm may return a row twice")
    if arm.aggregates and not arm.group_by:
        return ()  # one row
    if arm.aggregates or not arm.tables or source.uniqueness.undecided(arm, places):
        return Refusal("duplicates", "an arm may return a row twice")
    needed = dict(places)
    for key in reversed(list(places)):
        if not source.uniqueness.undecided(arm, [one for one in needed if one != key]):
            del needed[key]
    return tuple(sorted(needed.values()))


class Apart:
    """Why no row is in both of two arms. `position`: the result column that differs, None for the key of one table."""

    def __init__(self, why: str, position: int | None, *, hidden: bool) -> None:
        self.why = why
        self.position = position
        self.hidden = hidden
        """it hangs on constants that pg_stat_statements hides."""


def apart(source: Source, one: Block, other: Block) -> Apart | None:
    """None where nothing says that no row is in both."""
    arms = (one, other)
    outputs = [source.outputs(arm) or [] for arm in arms]
    for position, ((_, _, left), (_, _, right)) in enumerate(zip(*outputs, strict=False)):
        state = _differ(left, right)
        if state is not None:
            return Apart(f"column {position + 1} is another constant in each", position, hidden=state == "hidden")
    for position, ((_, first, _), (_, second, _)) in enumerate(zip(*outputs, strict=False)):
        if first is None or second is None:
            continue
        values = _held(one, first.alias, first.column), _held(other, second.alias, second.column)
        state = _differ(*values)
        if state is not None and _is_exact(source, arms, (first.alias, second.alias), (first.column, second.column)):
            told = f"column {position + 1} is held to another value in each"
            return Apart(told, position, hidden=state == "hidden")
    return _by_row(source, arms, outputs)


def _by_row(source: Source, arms: tuple[Block, Block], outputs: list[list[Output]]) -> Apart | None:
    """Both arms return the key of one table, and a column of that table is held to another value in each."""
    tables = [arm.tables[0] if len(arm.tables) == 1 else None for arm in arms]
    one, other = tables
    if one is None or other is None or one.relation is None or one.relation != other.relation:
        return None
    returned = [
        [column.column if column is not None and column.relation == one.relation else None for _, column, _ in output]
        for output in outputs
    ]
    same = {a for a, b in zip(*returned, strict=False) if a is not None and a == b}
    if not any(set(key) <= same for key in source.uniqueness.unique_keys(one.relation)):
        return None
    for name in source.uniqueness.columns(one):
        state = _differ(_held(arms[0], one.alias, name), _held(arms[1], other.alias, name))
        if state is not None and _is_exact(source, arms, (one.alias, other.alias), (name, name)):
            return Apart(f"{name} is held to another value in each", None, hidden=state == "hidden")
    return None


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
    texts = [_without_cast(text.strip()) for text in (one, other)]
    if all(text.startswith("$") and text[1:].isdecimal() for text in texts):
        return "hidden"
    plain = all(text[0] == text[-1] == "'" and len(text) > 1 and "'" not in text[1:-1] for text in texts)
    numbers = all(text.isdecimal() and not text.startswith("0") for text in texts)
    words = {text.lower() for text in texts} == {"true", "false"}
    return "differ" if plain or numbers or words else None


def _without_cast(text: str) -> str:
    """A cast to text changes no text."""
    return text[:-6] if text.lower().endswith("::text") else text


def _is_exact(source: Source, arms: tuple[Block, Block], aliases: tuple[str, str], names: tuple[str, str]) -> bool:
    """Differently written constants of the columns' types are different values."""
    for arm, alias, name in zip(arms, aliases, names, strict=True):
        table = arm.table(alias)
        relation = source.catalog.relation(table.relation) if table is not None and table.relation is not None else None
        column = relation.column(name) if relation is not None else None
        if column is None or column.type.partition("(")[0] not in EXACT or column.collation is not None:
            return False
    return True

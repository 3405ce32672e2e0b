"""The arms of a set operation: what tells the rows of one apart, and why no row is in two."""

import re
from collections.abc import Iterable, Sequence

from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.source import Output, Source
from pgtune_cli.sql.shape_types import Block, PredicateKind

INTEGER, TEXT = re.compile(r"0|[1-9]\d*|\$\d+"), re.compile(r".*", re.DOTALL)
EXACT = {
    "smallint": INTEGER, "integer": INTEGER, "bigint": INTEGER, "text": TEXT, "character varying": TEXT,
    "boolean": re.compile(r"true|false|\$\d+"), "date": re.compile(r"\d{4}-\d\d-\d\d|\$\d+"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\$\d+"),
}  # fmt: skip
"""types, and the form in which differently written constants of theirs differ: '1' is '01', 't' is 'true'"""
ALIKE = ({"smallint", "integer", "bigint", "numeric"}, {"text", "character varying"})
"""types that a set operation makes one type of, and no two values one value: 2^53 + 1 as a float8 is 2^53"""


def arm_key(source: Source, arm: Block) -> tuple[int, ...] | Refusal:
    """The result columns, by position from 0, of which no two rows of the arm agree."""
    if arm.limit or arm.offset or arm.windows or arm.locking:
        return Refusal("limited", "an arm limits or numbers its rows")
    if source.volatile(arm) is not None:
        return Refusal("volatile", f"it calls {source.volatile(arm)}()")
    outputs = source.outputs(arm)
    if outputs is None:
        return Refusal("star", "which columns its * returns cannot be told")
    if arm.distinct and not arm.distinct_on:
        return tuple(range(len(outputs)))
    if (returning := source.volatility.multiplies(arm)) is not None:
        return Refusal("set_returning", f"{returning}() makes several rows of one")
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


def mixed(source: Source, arms: Sequence[Block], places: Iterable[int]) -> Refusal | None:
    """Result columns whose arms differ in type or collation: two values of one arm may become one."""
    for at in places:
        outputs = [output[at][1] for arm in arms if at < len(output := source.outputs(arm) or [])]
        columns = [column for found in outputs if found is not None and (column := source.column(found)) is not None]
        types = {column.type.partition("(")[0] for column in columns}
        alike = len(types) < 2 or any(types <= family for family in ALIKE)
        if not alike or len({column.collation for column in columns}) > 1:
            return Refusal("mixed_types", f"column {at + 1} is of another type or collation in each arm")
    return None


class Apart:
    """Why no row is in both of two arms. `positions`: the result columns of which no two of their rows agree."""

    def __init__(self, why: str, positions: frozenset[int], *, hidden: bool, by_row: bool = False) -> None:
        self.why = why
        self.positions = positions
        self.hidden = hidden
        """it hangs on constants that pg_stat_statements hides."""
        self.by_row = by_row
        """their rows are other rows of one table, and `positions` its key."""


def apart(source: Source, one: Block, other: Block) -> Apart | None:
    """None where nothing says that no row is in both."""
    arms = (one, other)
    outputs = [source.outputs(arm) or [] for arm in arms]
    for position, ((_, _, left), (_, _, right)) in enumerate(zip(*outputs, strict=False)):
        state = _differ(left, right)
        if state is not None:
            told = f"column {position + 1} is another constant in each"
            return Apart(told, frozenset({position}), hidden=state == "hidden")
    for position, ((_, first, _), (_, second, _)) in enumerate(zip(*outputs, strict=False)):
        if first is None or second is None:
            continue
        values = _held(one, first.alias, first.column), _held(other, second.alias, second.column)
        state = _differ(*values)
        named = (first.alias, second.alias), (first.column, second.column)
        if state is not None and _is_exact(source, arms, *named, values):
            told = f"column {position + 1} is held to another value in each"
            return Apart(told, frozenset({position}), hidden=state == "hidden")
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
    same = {a: at for at, (a, b) in enumerate(zip(*returned, strict=False)) if a is not None and a == b}
    key = next((key for key in source.uniqueness.unique_keys(one.relation) if set(key) <= set(same)), None)
    if key is None:
        return None
    positions = frozenset(same[name] for name in key)
    for name in source.uniqueness.columns(one):
        values = _held(arms[0], one.alias, name), _held(arms[1], other.alias, name)
        state = _differ(*values)
        if state is not None and _is_exact(source, arms, (one.alias, other.alias), (name, name), values):
            return Apart(f"{name} is held to another value in each", positions, hidden=state == "hidden", by_row=True)
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


def _is_exact(
    source: Source, arms: tuple[Block, Block], aliases: tuple[str, str], names: tuple[str, str],
    values: tuple[str | None, str | None],
) -> bool:  # fmt: skip
    """These differently written constants of the columns' types are different values."""
    for arm, alias, name, value in zip(arms, aliases, names, values, strict=True):
        table = arm.table(alias)
        relation = source.catalog.relation(table.relation) if table is not None and table.relation is not None else None
        column = relation.column(name) if relation is not None else None
        form = EXACT.get(column.type.partition("(")[0]) if column is not None else None
        text = _without_cast((value or "").strip()).strip("'")
        if column is None or column.collation is not None or form is None or not form.fullmatch(text.lower()):
            return False
    return True

"""Values for the parameters of a statement, from the statistics in the snapshot alone, so that the server and the
clone plan with the same ones. Pure; nothing here raises, and no value goes into a message.

First what is known: values of the user's own, then literals that were seen. Then *typical* (the plan of record where
nothing was seen), *common* and *rare*; *absent* where the statistics list every value there is, *null* where the text
asks whether a parameter is NULL. The generic plan comes last. Unknown to pg_stat_statements, hence guessed: LIKE
patterns (a prefix here), the length of a list, the depth of OFFSET (ten pages), the keys of JSON documents.
"""

from collections.abc import Sequence

import msgspec

from pgtune_cli.explain.argument_hints import argument_hints, null_tests
from pgtune_cli.explain.column_source import ColumnSource
from pgtune_cli.explain.parameter_value import NO_ROW, ParameterValues, Row
from pgtune_cli.explain.sample_values import sample_values
from pgtune_cli.explain.type_values import default_value
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement, ValueSet
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import Shape, shape

NAMES = ("typical", "common", "rare")
GENERIC = ValueSet(name="generic", origin="generic")
LITERAL = ValueSet(name="literal", origin="literal")
STATISTICS, DEFAULT, ROW, SAMPLE = "pg_stats", "default", "row", "sample"


class Choices(msgspec.Struct, frozen=True):
    """Where the values of one prepared text may come from."""

    values: ParameterValues
    shape: Shape | None
    source: ColumnSource
    null_tests: frozenset[int]
    seen: tuple[ValueSet, ...]

    def sets(self, rows: dict[str, Row] | None = None) -> tuple[ValueSet, ...]:
        """The sets, the one of record first; `rows` by set name take the place of statistics where there are any."""
        rows = rows or {}
        chosen = [self._set(name, rows.get(name, NO_ROW)) for name in NAMES]
        found = [*self.seen, *chosen, *self._absent(chosen[0]), *self._null(chosen[0])]
        distinct = {one.values: one for one in reversed(found)}
        return (*(one for one in found if distinct[one.values] is one), GENERIC)

    def _set(self, name: str, row: Row) -> ValueSet:
        origin = STATISTICS if self.values.all_from_statistics else DEFAULT
        return ValueSet(name=name, origin=ROW if row else origin, values=self.values.set_of(name, row))

    def _absent(self, typical: ValueSet) -> list[ValueSet]:
        known = typical.values or ()
        values = [self.values.absent(number) for number in range(1, len(known) + 1)]
        if not any(value is not None for value in values):
            return []
        filled = tuple(value if value is not None else old for value, old in zip(values, known, strict=True))
        return [ValueSet(name="absent", origin=STATISTICS, values=filled)]

    def _null(self, typical: ValueSet) -> list[ValueSet]:
        if not self.null_tests:
            return []
        values = enumerate(typical.values or (), start=1)
        filled = tuple(None if number in self.null_tests else value for number, value in values)
        return [ValueSet(name="null", origin=typical.origin, values=filled)]


def choices(sql: str, types: Sequence[str], statement: Statement, snapshot: Snapshot) -> Choices:
    """For a prepared text with these types of its parameters."""
    search_path = search_path_of(snapshot.server)
    found = shape(sql, snapshot.catalog, search_path)
    source = ColumnSource(snapshot)
    values = ParameterValues(sql, found, tuple(types), statement, source, tuple(search_path), argument_hints(sql))
    compared = {use.number for use in values.uses.values() if use is not None and use.operator == NOT_DISTINCT}
    return Choices(values, found, source, null_tests(sql) | compared, tuple(_seen(statement, sql)))


NOT_DISTINCT = "IS NOT DISTINCT FROM"


def value_sets(sql: str, types: Sequence[str], statement: Statement, snapshot: Snapshot) -> tuple[ValueSet, ...]:
    """Value sets of a prepared text, the one of record first; each has one value a type."""
    return choices(sql, types, statement, snapshot).sets() if types else (LITERAL,)


def default_set(sql: str, types: Sequence[str], catalog: Catalog) -> ValueSet:
    """A harmless value of each type: what is left when the values of a set are refused."""
    hints = argument_hints(sql)
    values = tuple(hints.get(number) or default_value(name, catalog) for number, name in enumerate(types, start=1))
    return ValueSet(name="typical", origin=DEFAULT, values=values)


def _seen(statement: Statement, sql: str) -> list[ValueSet]:
    """The user's own values, then the literals of the first sampled text that can be laid beside the statement."""
    places = _places(statement.query, sql)
    if places is None:
        return []
    found = [
        msgspec.structs.replace(one, values=tuple(one.values[place - 1] for place in places))
        for one in statement.given
        if one.values is not None and len(one.values) >= max(places, default=0)
    ]
    numbers = max(places, default=0)
    for sample in statement.samples:
        values = sample_values(statement.query, sample, numbers)
        if values is not None:
            origin = statement.sample_channel or SAMPLE
            return [*found, ValueSet(name="literal", origin=origin, values=tuple(values[n - 1] for n in places))]
    return found


def _places(query: str, sql: str) -> list[int] | None:
    """For each $n of the prepared text the number it has in the statement's; a repair may have renumbered them.

    None where they cannot be told apart, as constants were written out.
    """
    old, new = _numbers(query), _numbers(sql)
    if len(old) != len(new):
        return None
    first: dict[int, int] = {}
    for before, after in zip(old, new, strict=True):
        first.setdefault(after, before)
    numbers = range(1, max(first, default=0) + 1)
    return [first[number] for number in numbers] if all(number in first for number in numbers) else None


def _numbers(sql: str) -> list[int]:
    try:
        return [token.number for token in tokens(sql) if token.number is not None]
    except TruncatedText:
        return []

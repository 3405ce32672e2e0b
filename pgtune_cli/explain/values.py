"""Values for the parameters of a statement, from the statistics in the snapshot alone, so that the server and the
clone plan with the same ones. Pure; nothing here raises, and no value goes into a message.

Three sets: *typical* (the plan of record), *common* and *rare*; a set of literals that were seen comes before them,
the generic plan last. Unknown to pg_stat_statements, hence guessed: LIKE patterns (a prefix here), the length of a
list, the depth of OFFSET (ten pages), the keys of JSON documents.
"""

from collections.abc import Sequence

from pgtune_cli.explain.argument_hints import argument_hints
from pgtune_cli.explain.parameter_value import ParameterValues
from pgtune_cli.explain.sample_values import sample_values
from pgtune_cli.explain.type_values import default_value
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Statement, ValueSet
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.search_path import search_path_of
from pgtune_cli.sql.shape import shape

NAMES = ("typical", "common", "rare")
GENERIC = ValueSet(name="generic", origin="generic")
LITERAL = ValueSet(name="literal", origin="literal")


def value_sets(sql: str, types: Sequence[str], statement: Statement, snapshot: Snapshot) -> tuple[ValueSet, ...]:
    """Value sets of a prepared text, the one of record first; each has one value a type."""
    if not types:
        return (LITERAL,)
    found = shape(sql, snapshot.catalog, search_path_of(snapshot.server))
    choose = ParameterValues(found, tuple(types), statement, snapshot, argument_hints(sql))
    sets = [_set(name, choose) for name in NAMES]
    # a repair may have given two parameters one number: the sampled literals no longer fit then
    seen = _seen(statement, len(types)) if _numbers(sql) == _numbers(statement.query) else []
    distinct = {one.values: one for one in reversed([*seen, *sets])}
    return (*(one for one in (*seen, *sets) if distinct[one.values] is one), GENERIC)


def default_set(types: Sequence[str], catalog: Catalog) -> ValueSet:
    """A harmless value of each type: what is left when the values of a set are refused."""
    values = tuple(default_value(name, catalog) for name in types)
    return ValueSet(name="typical", origin="default", values=values)


def _set(name: str, choose: ParameterValues) -> ValueSet:
    values = tuple(choose.value(number, name) for number in range(1, len(choose.types) + 1))
    return ValueSet(name=name, origin="pg_stats" if choose.all_from_statistics else "default", values=values)


def _numbers(sql: str) -> list[int]:
    try:
        return [token.number for token in tokens(sql) if token.number is not None]
    except TruncatedText:
        return []


def _seen(statement: Statement, count: int) -> list[ValueSet]:
    """The literals of the first sampled text that can be laid beside the statement."""
    for sample in statement.samples:
        values = sample_values(statement.query, sample, count)
        if values is not None:
            return [ValueSet(name="literal", origin="sample", values=values)]
    return []

"""Which statistics could mend a misestimate, and what they would hold by a sample of the table."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.misestimates import FILTER, Misestimate
from pgtune_cli.advise.sampled import as_fraction, column_statistics, extended_data
from pgtune_cli.explain.table_sample import TableSample
from pgtune_cli.model.catalog import ExtendedStatistics, Relation, RelationKind
from pgtune_cli.model.extended import ExtendedData
from pgtune_cli.model.snapshot import ColumnStatistics
from pgtune_cli.sql.statistics_ddl import create_statistics_sql
from pgtune_cli.whatif.protocol import NewStatistics

DEFAULT_TARGET, LARGEST_TARGET = 100, 10_000
TARGETS = (200, 500, 1000, 2500, 5000, LARGEST_TARGET)
COLUMN_KINDS = frozenset({"target", "n_distinct", "analyze"})
ALL_KINDS = ("ndistinct", "dependencies", "mcv", "expression", *sorted(COLUMN_KINDS))
TRIED = "pgtune_tried"
"""the name of what is planted in the clone"""


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """`kinds` are those of StatisticsAdvice, in the order of ALL_KINDS."""

    kinds: tuple[str, ...]
    value: float | None = None
    """of a target or an override."""
    new: NewStatistics = NewStatistics()


def fresh(relation: Relation, seen: Misestimate, sample: TableSample, facts: Facts) -> Remedy | None:
    """The columns' statistics as ANALYZE would make them today."""
    rows = [
        column_statistics(known, sample, place, target_of(relation, column, facts))
        for place, column in enumerate(seen.columns)
        if (known := _known(relation, column, facts)) is not None
    ]
    return Remedy(kinds=("analyze",), new=NewStatistics(columns=tuple(rows))) if rows else None


def alternatives(relation: Relation, seen: Misestimate, sample: TableSample, facts: Facts) -> Iterator[Remedy]:
    """The least first."""
    if seen.purpose == FILTER and len(seen.keys) == 1 and seen.columns:
        known = _known(relation, seen.columns[0], facts)
        for target in TARGETS if known is not None else ():
            assert known is not None
            if target > target_of(relation, seen.columns[0], facts):
                row = column_statistics(known, sample, 0, target)
                yield Remedy(kinds=("target",), value=target, new=NewStatistics(columns=(row,)))
        return
    for kinds in _kinds(seen):
        yield _objects(relation, seen, sample, facts, kinds)


def override(relation: Relation, seen: Misestimate, facts: Facts) -> Remedy | None:
    """n_distinct as it was counted."""
    known, rows = _known(relation, seen.columns[0], facts), facts.rows(relation.relation_name)
    if known is None or not rows:
        return None
    value = round(as_fraction(min(seen.actual, rows), rows), 4)
    changed = msgspec.structs.replace(known, n_distinct=value)
    return Remedy(kinds=("n_distinct",), value=value, new=NewStatistics(columns=(changed,)))


def unverified(relation: Relation, seen: Misestimate, facts: Facts) -> Remedy | None:
    """What usually helps."""
    if seen.purpose == FILTER and len(seen.keys) == 1 and seen.columns:
        rows = facts.rows(relation.relation_name)
        if not rows or not seen.actual:
            return None
        # no more than this many values can be as common as the one that was looked for
        wanted = rows / seen.actual
        target = next((each for each in TARGETS if each >= wanted), LARGEST_TARGET)
        if target <= target_of(relation, seen.columns[0], facts):
            return Remedy(kinds=("analyze",))
        return Remedy(kinds=("target",), value=target)
    return _objects(relation, seen, None, facts, _kinds(seen)[-1])


def target_of(relation: Relation, column: str, facts: Facts) -> int:
    found = relation.column(column)
    own = found.statistics_target if found is not None else None
    if own is not None and own >= 0:
        return own
    return int(facts.setting("default_statistics_target", DEFAULT_TARGET))


def _kinds(seen: Misestimate) -> tuple[tuple[str, ...], ...]:
    if len(seen.keys) == 1:
        return ((),)  # a lone expression
    return (("dependencies",), ("mcv",), ("dependencies", "mcv")) if seen.purpose == FILTER else (("ndistinct",),)


def _told(kinds: tuple[str, ...], seen: Misestimate) -> tuple[str, ...]:
    return (*kinds, "expression") if seen.expressions else kinds


def _objects(
    relation: Relation, seen: Misestimate, sample: TableSample | None, facts: Facts, kinds: tuple[str, ...]
) -> Remedy:
    """Without a sample they hold nothing."""
    target = max((target_of(relation, column, facts) for column in seen.columns), default=DEFAULT_TARGET)
    data = ExtendedData(schema=relation.schema, name=TRIED)
    if sample is not None:
        data = extended_data(
        relation.schema, TRIED, sample, seen.columns, seen.expressions, kinds, target,
        inherited=relation.kind is RelationKind.PARTITIONED,
    )  # fmt: skip
    statistics = ExtendedStatistics(
        schema=relation.schema, name=TRIED, table=seen.table, kinds=(), columns=seen.columns,
        expressions=seen.expressions,
        definition=create_statistics_sql(seen.table, TRIED, seen.columns, seen.expressions, kinds),
    )  # fmt: skip
    return Remedy(kinds=_told(kinds, seen), new=NewStatistics(objects=((statistics, data),)))


def _known(relation: Relation, column: str, facts: Facts) -> ColumnStatistics | None:
    return facts.statistics(relation.relation_name, column)

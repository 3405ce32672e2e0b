"""The script of new statistics, and why."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.misestimates import FILTER, Misestimate
from pgtune_cli.advise.remedies import ALL_KINDS, COLUMN_KINDS, Remedy
from pgtune_cli.advise.steps import AFTER, Step, settings
from pgtune_cli.explain.derive import q_error_of
from pgtune_cli.model.catalog import Relation, RelationName
from pgtune_cli.model.index import RejectedIndex, SeenEstimate, StatisticsAdvice
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.sql.statistics_ddl import create_statistics_sql, statistics_name

BEFORE = ("SET lock_timeout = '10s'", "SET statement_timeout = 0")
"""SHARE UPDATE EXCLUSIVE: nobody who reads or writes waits, nor waits behind one that waits for it"""
USELESS = "useless"


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy for what was seen of one set of columns; `after` are its estimates, None where it was not tried."""

    relation: Relation
    remedy: Remedy
    seen: tuple[Misestimate, ...]
    after: tuple[float, ...] | None = None
    status: str
    reason: str | None = None
    sample_rows: int | None = None
    plan_changes: bool = False

    @property
    def is_object(self) -> bool:
        return not set(self.remedy.kinds) <= COLUMN_KINDS


def merged(found: Sequence[Judged]) -> list[Judged]:
    """One statistics object for one set of columns, of all the kinds that they need."""
    kept: dict[object, Judged] = {}
    for number, each in enumerate(found):
        same = (each.relation.relation_name, frozenset(each.seen[0].keys), each.status) if each.is_object else number
        other = kept.get(same)
        kept[same] = each if other is None else _both(other, each)
    return list(kept.values())


def _both(one: Judged, other: Judged) -> Judged:
    kinds = {*one.remedy.kinds, *other.remedy.kinds}
    return msgspec.structs.replace(
        one,
        remedy=Remedy(kinds=tuple(kind for kind in ALL_KINDS if kind in kinds)),
        seen=(*one.seen, *other.seen),
        after=None if one.after is None or other.after is None else (*one.after, *other.after),
        plan_changes=one.plan_changes or other.plan_changes,
    )


def told(found: Sequence[Judged], facts: Facts) -> list[StatisticsAdvice]:
    """Each with its script; no name is taken twice."""
    taken = {each.name for each in facts.snapshot.catalog.extended_statistics}
    advice = []
    for each in found:
        name = None
        if each.is_object:
            name = statistics_name(each.relation.relation_name, each.seen[0].keys, taken)
            taken.add(name)
        advice.append(_advice(each, name, facts))
    return advice


def rejected(judged: Judged, facts: Facts) -> RejectedIndex:
    """What was tried in vain, of all kinds."""
    table, seen = judged.relation.relation_name, judged.seen[0]
    reason = (
        f"tried with a sample of {judged.sample_rows or 0:,} rows: the planner would be about as wrong with it "
        f"({seen.planned:,.0f} rows planned, {seen.actual:,.0f} came)"
    )
    if not judged.is_object:
        return RejectedIndex(_steps(judged, None, facts)[0].sql, reason, str(table))
    name = statistics_name(table, seen.keys, {each.name for each in facts.snapshot.catalog.extended_statistics})
    return RejectedIndex(create_statistics_sql(table, name, seen.columns, seen.expressions), reason, str(table))


def _advice(judged: Judged, name: str | None, facts: Facts) -> StatisticsAdvice:
    steps = _steps(judged, name, facts)
    main = next((step for step in steps if step.rollback_sql is not None), steps[0])
    whole = [*settings(BEFORE), *steps, *settings(AFTER)]
    after = judged.after or (None,) * len(judged.seen)
    return StatisticsAdvice(
        sql=main.sql.replace("CREATE STATISTICS IF NOT EXISTS ", "CREATE STATISTICS ", 1),
        steps=tuple(step.sql for step in whole),
        rollback_sql=main.rollback_sql or "",
        rollback_steps=tuple(step.rollback_sql for step in whole),
        name=name,
        relation=str(judged.relation.relation_name),
        columns=judged.seen[0].keys,
        kinds=judged.remedy.kinds,
        status=judged.status,
        reason=judged.reason,
        sample_rows=judged.sample_rows,
        plan_changes=judged.plan_changes,
        statements=tuple(
            SeenEstimate(
                fingerprint=each.prepared.fingerprint,
                place=each.place,
                rows_planned=each.planned,
                rows_actual=each.actual,
                rows_with=after[number],
            )
            for number, each in enumerate(judged.seen)
        ),
        evidence={"channel": "execution"},
        why=_why(judged),
    )


def _steps(judged: Judged, name: str | None, facts: Facts) -> list[Step]:
    relation, remedy, seen = judged.relation, judged.remedy, judged.seen[0]
    table = qualified(relation.relation_name)
    analyze = Step(f"ANALYZE {table}")
    if name is not None:
        kinds = [kind for kind in remedy.kinds if kind != "expression"]
        sql = create_statistics_sql(
            seen.table, name, seen.columns, seen.expressions, kinds, if_not_exists=True
        )  # fmt: skip
        own = qualified(RelationName(relation.schema, name))
        return [Step(sql, f"DROP STATISTICS IF EXISTS {own}"), analyze]
    if remedy.value is None:
        return [analyze]
    column = f"ALTER TABLE {table} ALTER COLUMN {quote_identifier(seen.columns[0])}"
    if remedy.kinds == ("target",):
        found = relation.column(seen.columns[0])
        old = found.statistics_target if found is not None and found.statistics_target is not None else -1
        return [Step(f"{column} SET STATISTICS {remedy.value:.0f}", f"{column} SET STATISTICS {old}"), analyze]
    value = f"{remedy.value:.0f}" if remedy.value >= 0 else f"{remedy.value:.4f}"
    option = "n_distinct_inherited" if facts.partitions.get(relation.relation_name) else "n_distinct"
    return [Step(f"{column} SET ({option} = {value})", f"{column} RESET ({option})"), analyze]


def _why(judged: Judged) -> str:
    seen = judged.seen
    worst = max(range(len(seen)), key=lambda place: q_error_of(seen[place].planned, seen[place].actual))
    one = seen[worst]
    what = "A scan" if one.purpose == FILTER else "Grouping"
    text = f"{what} of {judged.relation.relation_name} by {', '.join(one.keys)} was planned for {one.planned:,.0f} rows"
    text += f", and {one.actual:,.0f} came"
    if judged.after is not None:
        text += f"; {_with(judged)} the planner expects {judged.after[worst]:,.0f}"
    return f"{text}. {_because(judged.remedy, one)}"


def _with(judged: Judged) -> str:
    if judged.remedy.kinds == ("analyze",):
        return "with statistics of today"
    return "with these statistics" if judged.is_object else "with it"


def _because(remedy: Remedy, seen: Misestimate) -> str:
    if remedy.kinds == ("analyze",):
        return "The statistics are not those of the rows that are there now."
    if remedy.kinds == ("target",):
        return "The value is common, but not among the most common ones that the statistics list."
    if remedy.kinds == ("n_distinct",):
        # the catalog's attoptions are not read
        return (
            "ANALYZE guesses the number of distinct values from a sample; an executed plan counted them. "
            "A value that was set before is lost with it, also when it is undone."
        )
    if seen.expressions and len(seen.keys) == 1:
        return "The planner knows nothing of an expression that has no statistics."
    return "The planner takes the columns for independent of each other, and they are not."

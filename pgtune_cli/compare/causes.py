"""What changed around a statement that can explain why it changed: schema, settings, data, plan."""

from collections.abc import Iterator, Mapping

from pgtune_cli.compare.code_changes import (
    changed_functions,
    code_changes,
    columns_retyped,
    definitions_changed,
    major,
    same_major,
)
from pgtune_cli.compare.measure import figure
from pgtune_cli.compare.runs import growth
from pgtune_cli.model.comparison import Baseline, BaselineStatement, PlanSummary, TableState

MOST_SAID = 8
GREW = 1.1
PAGES_GREW = 1.2
MANY_PAGES = 20
UNCOUNTED = "dead rows, or rows that no ANALYZE has counted"
LOOP = "a call costs what it did, there are more of them: is it sent for each row (N+1)?"
UNCHANGED = "schema, settings, data and the plan for a new session are as they were:"


def causes(old: BaselineStatement, new: BaselineStatement, before: Baseline, after: Baseline) -> tuple[str, ...]:
    """Most telling first: code, schema, settings, data, plan. Nothing where nothing is known."""
    found = [
        *code_changes(old, new, before, after),
        *_schema(old, new, before, after),
        *_settings(before, after),
        *_data(new, before, after),
        *plan_changes(old.plan, new.plan),
    ]
    return tuple(dict.fromkeys(found))[:MOST_SAID]


def unseen(old: BaselineStatement, new: BaselineStatement, sent_more: bool) -> tuple[str, ...]:
    """What is left where everything that is read stayed as it was. `sent_more`: it is the calls that decided."""
    if old.fingerprint != new.fingerprint or old.plan is None or new.plan is None or old.plan.shape != new.plan.shape:
        return ()
    then, now = old.measurement, new.measurement
    more = ((one.blocks_per_call, one.rows_per_call, one.temp_blocks_per_call) for one in (then, now))
    if not any(after > 1.02 * before for before, after in zip(*more, strict=True)):
        return (LOOP,) if sent_more else ()
    if new.measurement.temp_blocks_per_call > old.measurement.temp_blocks_per_call:
        return (f"{UNCHANGED} its session's work_mem may be lower, or what it sorts and hashes is larger",)
    return (f"{UNCHANGED} its constants or parameters may be others, or settings of its session",)


def all_changes(before: Baseline, after: Baseline) -> Iterator[str]:
    """Of every table that both runs touch, and of the settings."""
    for name in sorted(before.tables.keys() & after.tables.keys()):
        then, now = before.tables[name], after.tables[name]
        yield from definitions_changed(name, then, now, same_major(before, after))
        yield from table_changes(name, then, now)
        if then.rows and now.rows and max(then.rows, now.rows) >= GREW * min(then.rows, now.rows):
            yield f"{name}: {figure(then.rows)} -> {figure(now.rows)} rows"
    yield from (f"function {name} was changed" for name in sorted(changed_functions(before, after)))
    yield from _settings(before, after)


def _schema(old: BaselineStatement, new: BaselineStatement, before: Baseline, after: Baseline) -> Iterator[str]:
    for name in sorted({*old.tables, *new.tables}):
        then, now = before.tables.get(name), after.tables.get(name)
        if then is None or now is None:
            if then is not None and before.tables and name not in after.tables and name in old.tables:
                yield f"table {name} is gone or no longer touched"
            continue
        yield from table_changes(name, then, now)


def table_changes(name: str, then: TableState, now: TableState) -> Iterator[str]:
    """Columns, indexes and extended statistics that came, went or became others."""
    yield from columns_retyped(name, then, now)
    yield from _came_and_went("column", f"{name}.", then.columns, now.columns)
    yield from _named("index", "", then.indexes, now.indexes, where=f" on {name}")
    yield from _named("extended statistics", "", then.statistics, now.statistics, where=f" on {name}")


def _named(what: str, prefix: str, then: Mapping[str, str], now: Mapping[str, str], where: str = "") -> Iterator[str]:
    yield from _came_and_went(what, prefix, then, now, where)
    for key in sorted(then.keys() & now.keys()):
        if then[key] != now[key]:
            yield f"{what} {prefix}{key} was {then[key]}, is {now[key]}"


def _came_and_went(
    what: str, prefix: str, then: Mapping[str, str], now: Mapping[str, str], where: str = ""
) -> Iterator[str]:
    for key in sorted(then.keys() - now.keys()):
        yield f"{what} {prefix}{key}{where} is gone"
    for key in sorted(now.keys() - then.keys()):
        yield f"{what} {prefix}{key}{where} is new"


def _settings(before: Baseline, after: Baseline) -> Iterator[str]:
    majors = major(before), major(after)
    if None not in majors and majors[0] != majors[1]:
        yield f"PostgreSQL was {majors[0]}, is {majors[1]}"
    for name in sorted(before.settings.keys() & after.settings.keys()):
        then, now = before.settings[name], after.settings[name]
        if then != now:
            yield f"{name} was {then}, is {now}"
    if not (before.settings and after.settings):
        return
    for name in sorted(before.settings.keys() ^ after.settings.keys()):
        if " of role " in name:
            was, now = (side.settings.get(name, "not set") for side in (before, after))
            yield f"{name} was {was}, is {now}"


def _data(new: BaselineStatement, before: Baseline, after: Baseline) -> Iterator[str]:
    factor, table = growth(new, before, after)
    if factor >= GREW:
        yield f"{table} grew by {factor - 1:.0%}"
    for name in new.tables:
        then, now = before.tables.get(name, TableState()), after.tables.get(name, TableState())
        if then.pages and now.pages and now.pages >= PAGES_GREW * then.pages and now.pages >= MANY_PAGES:
            rows = (now.rows or 0) / then.rows if then.rows else 0
            if rows * PAGES_GREW < now.pages / then.pages:
                yield f"{name} has {figure(now.pages)} blocks, it had {figure(then.pages)}: {UNCOUNTED}"


def plan_changes(then: PlanSummary | None, now: PlanSummary | None) -> Iterator[str]:
    """How the plan differs, in a few words; nothing for equal shapes."""
    if then is None or now is None or then.shape == now.shape:
        return
    scans = sorted(set(now.seq_scans) - set(then.seq_scans))
    if scans:
        yield f"the plan now reads {', '.join(scans[:3])} sequentially"
    lost = sorted(set(then.indexes) - set(now.indexes))
    if lost:
        yield f"the plan no longer uses {', '.join(lost[:3])}"
    gained = sorted(set(now.indexes) - set(then.indexes))
    if gained:
        yield f"the plan now uses {', '.join(gained[:3])}"
    if len(now.relations) > len(then.relations):
        yield f"the plan reads {len(now.relations)} tables, it read {len(then.relations)}"
    joins = _joins(then), _joins(now)
    if joins[0] != joins[1]:
        yield f"joins were {joins[0] or 'none'}, are {joins[1] or 'none'}"
    yield f"total cost {figure(then.total_cost)} -> {figure(now.total_cost)}"


def _joins(plan: PlanSummary) -> str:
    return ", ".join(node for node in plan.nodes if node in ("Hash Join", "Merge Join", "Nested Loop"))


def plan_worse(then: PlanSummary | None, now: PlanSummary | None) -> bool:
    """It reads a table sequentially that it did not, or more tables."""
    if then is None or now is None:
        return False
    return bool(set(now.seq_scans) - set(then.seq_scans)) or len(now.relations) > len(then.relations)

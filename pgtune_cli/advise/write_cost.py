"""What an index costs the statements that write, in planner cost units over the window of the workload.

An entry costs what the planner takes for a descent of the tree (costsize.c, btcostestimate: 50 operators a level, and
log2 of the rows) and a share of one random page, since a dirtied leaf is written back for several entries at once.
Counted are inserts, updates that are not HOT, and HOT updates that the index would end because it holds a column that
they change; those then write to every index of the table.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.shape import StatementKind

OPERATORS_A_LEVEL = 50
ENTRIES_A_LEVEL = 300
"""fan-out of an inner page, roughly"""
PAGE_SHARE = 0.1
"""of a random page for each entry: a leaf collects about ten changes before it is written"""
GIN_ENTRIES = 10.0
"""keys of one document, roughly"""
LOAD_FRACTION = 0.5
"""an INSERT that adds so much of a table in one call is its load, which an index made afterwards never sees"""


class Writes(msgspec.Struct, frozen=True):
    """Rows written in one table over the window."""

    inserted: float = 0.0
    updated: float = 0.0
    hot: float = 0.0
    assigned: tuple[tuple[str, float], ...] = ()
    """column -> rows whose update assigns it."""


def upkeep(candidate: CandidateIndex, writes: Writes, facts: Facts) -> float:
    """Cost units over the window."""
    entry = entry_cost(facts.rows(candidate.table) or 0.0, facts)
    per_row = entry * (gin_entries(candidate, facts) if candidate.method == "gin" else 1)
    names = columns_of(candidate)
    ended = min(writes.hot, max((rows for column, rows in writes.assigned if column in names), default=0.0))
    others = len(facts.indexes.get(candidate.table, ()))
    return per_row * (writes.inserted + writes.updated - writes.hot + ended) + ended * others * entry


def gin_entries(candidate: CandidateIndex, facts: Facts) -> float:
    """A row, over all its keys: of an array as ANALYZE counted; one for NULL, and for what is empty."""
    found = 0.0
    for key in candidate.keys:
        known = facts.statistics(candidate.table, key.column) if key.column is not None else None
        counts = known.elem_count_histogram if known is not None else None
        each = max(counts[-1], 1.0) if counts else GIN_ENTRIES
        nulls = known.null_frac if known is not None else 0.0
        found += nulls + (1 - nulls) * each
    return found


def entry_cost(rows: float, facts: Facts) -> float:
    """Cost units of one new entry in a btree over so many rows, under the server's own settings."""
    operator = facts.setting("cpu_operator_cost", 0.0025)
    levels = max(1.0, math.log(max(rows, 2.0), ENTRIES_A_LEVEL))
    descent = operator * (OPERATORS_A_LEVEL * (levels + 1) + math.log2(max(rows, 2.0)))
    return descent + facts.setting("cpu_index_tuple_cost", 0.005) + PAGE_SHARE * facts.setting("random_page_cost", 4.0)


def columns_of(candidate: CandidateIndex) -> set[str]:
    """Every name that its keys, expressions and condition mention: more than its columns, never fewer."""
    names = {key.column for key in candidate.keys if key.column is not None} | set(candidate.include)
    for text in (*(key.expression for key in candidate.keys), candidate.predicate):
        try:
            names |= {token.name for token in tokens(text or "") if token.name is not None}
        except TruncatedText:
            continue
    return names


def writes_of(items: Sequence[Item], facts: Facts) -> dict[RelationName, Writes]:
    """From the workload's own statements and from the tables' counters, whichever shows more."""
    seen = _from_statements(items, facts)
    counted = _from_counters(facts)
    return {table: _larger(seen.get(table, Writes()), counted.get(table, Writes())) for table in seen | counted}


def _from_statements(items: Iterable[Item], facts: Facts) -> dict[RelationName, Writes]:
    """The same window as the reads, but only the statements that were collected."""
    inserted: Counter[RelationName] = Counter()
    updated: Counter[RelationName] = Counter()
    assigned: dict[RelationName, Counter[str]] = {}
    for item in items:
        if item.shape is None or item.shape.target is None:
            continue
        table, rows = facts.root(item.shape.target), max(item.statement.rows, item.statement.calls)
        if item.shape.kind in (StatementKind.INSERT, StatementKind.MERGE):
            loaded = rows / max(item.statement.calls, 1) > LOAD_FRACTION * (facts.rows(table) or math.inf)
            inserted[table] += 0 if loaded else rows
        elif item.shape.kind is StatementKind.UPDATE:
            updated[table] += rows
            assigned.setdefault(table, Counter()).update(dict.fromkeys(item.shape.assigned, rows))
    return {
        table: Writes(
            float(inserted[table]),
            float(updated[table]),
            updated[table] * _hot_share(table, facts),
            tuple(sorted((column, float(rows)) for column, rows in assigned.get(table, Counter()).items())),
        )
        for table in inserted.keys() | updated.keys()
    }


def _from_counters(facts: Facts) -> dict[RelationName, Writes]:
    """Scaled to the window; nothing where the two periods cannot be compared. What a table holds may be its load."""
    scale = window_share(facts)
    if scale is None:
        return {}
    found: dict[RelationName, Writes] = {}
    for name, usage in facts.usage.items():
        churn = max(0, usage.n_tup_ins - usage.n_live_tup)
        table, own = facts.root(name), (churn * scale, usage.n_tup_upd * scale, usage.n_tup_hot_upd * scale)
        before = found.get(table, Writes())
        found[table] = Writes(before.inserted + own[0], before.updated + own[1], before.hot + own[2])
    return found


def window_share(facts: Facts) -> float | None:
    """The workload's window as a fraction of the period that the usage counters cover."""
    days, seconds = facts.snapshot.usage.days, window_seconds(facts)
    if not days or seconds is None:
        return None
    return min(1.0, seconds / (days * 86_400))


def window_seconds(facts: Facts) -> float | None:
    """How long the workload was measured; None where that is not known, or nothing was."""
    usage, workload = facts.snapshot.usage, facts.snapshot.workload
    if workload.source == "workload":
        return None
    seconds = workload.window.seconds
    if seconds is None and usage.days and usage.since and workload.window.since:
        try:
            apart = datetime.fromisoformat(workload.window.since) - datetime.fromisoformat(usage.since)
        except (ValueError, TypeError):
            return None
        seconds = usage.days * 86_400 - apart.total_seconds()
    return seconds if seconds is not None and seconds > 0 else None


def _hot_share(table: RelationName, facts: Facts) -> float:
    usage = facts.usage.get(table)
    return usage.n_tup_hot_upd / usage.n_tup_upd if usage is not None and usage.n_tup_upd else 0.0


def _larger(seen: Writes, counted: Writes) -> Writes:
    updates = max(seen, counted, key=lambda writes: writes.updated)
    return Writes(max(seen.inserted, counted.inserted), updates.updated, updates.hot, seen.assigned)

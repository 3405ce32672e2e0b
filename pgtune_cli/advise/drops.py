"""Indexes to drop: invalid, duplicate, prefix-redundant and unused ones; each hidden and the workload planned again."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.advise.costs import NOTHING, Configuration, CostTable, StatementCost
from pgtune_cli.advise.coverage import starts_with
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item
from pgtune_cli.explain.derive import indexes_used
from pgtune_cli.model.catalog import Index, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex, DroppedIndex
from pgtune_cli.sql.index_ddl import drop_index_sql, key_sql
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.quote import qualified

BLOCK = 8192
MAX_RISE = 0.05
MAX_RISE_COST = 1.0
"""a quarter of a random page: what the height of another tree makes of a look-up"""
MIN_DAYS = 14
"""of usage counters; younger ones have not seen what runs once a week twice, and rule SCHEMA002 says *possible* then"""
YOUNG_DAYS = 30


class Drop(msgspec.Struct, frozen=True):
    index: Index
    reason: str


def droppable(facts: Facts, chosen: Configuration = NOTHING) -> list[Drop]:
    """Candidates by the catalog and the counters; nothing that enforces or identifies anything. The surest first.

    `chosen`: indexes that are advised, which may take the place of several.
    """

    def replaced(index: Index, kept: Sequence[Index], facts: Facts) -> str | None:  # noqa: ARG001 - one signature
        new = next((each for each in sorted(chosen, key=str) if _within_new(index, each)), None)
        keys = "" if new is None else ", ".join(key_sql(key) for key in new.keys)
        return None if new is None else f"its keys are the first keys of the new index on ({keys}), which replaces it"

    found: dict[RelationName, Drop] = {}
    for reason in (_invalid, _duplicate, _unused, _prefix, replaced):
        for table in sorted(facts.indexes):
            relation = facts.relations.get(table)
            if relation is None or relation.kind is RelationKind.PARTITIONED:
                continue  # its indexes are made of those of the partitions
            for index in sorted(facts.indexes[table], key=lambda each: (-each.oid, each.name)):
                kept = [other for other in facts.indexes[table] if other is not index and other.index_name not in found]
                why = None if index.index_name in found or serves(index) else reason(index, kept, facts)
                if why is not None:
                    found[index.index_name] = Drop(index, why)
    return list(found.values())


async def verified(
    drops: Sequence[Drop], items: Sequence[Item], chosen: Configuration, costs: CostTable
) -> dict[RelationName, DroppedIndex]:
    """Those without which, all hidden together, no statement gets dearer under the chosen set."""
    before = await _costs(items, chosen, frozenset(), costs)
    advised: dict[RelationName, DroppedIndex] = {}
    for drop in drops:
        touching = [item for item in items if drop.index.table in item.relations]
        after = await _costs(touching, chosen, frozenset({*advised, drop.index.index_name}), costs)
        worse = [key for key, cost in after.items() if dearer(before[key], cost)]
        if worse:
            continue
        unknown = next((cost for cost in after.values() if isinstance(cost, str)), None)
        if unknown is not None and any(reads(item, drop.index) for item in touching):
            continue
        advised[drop.index.index_name] = dropped_index(drop, len(touching), unknown)
    return advised


def serves(index: Index) -> bool:
    """Whether something besides speed depends on it."""
    return bool(
        index.primary or index.unique or index.exclusion or index.constraint or index.replica_identity
        or index.clustered or index.partition_of
    )  # fmt: skip


def _invalid(index: Index, kept: Sequence[Index], facts: Facts) -> str | None:  # noqa: ARG001 - one signature
    if index.valid:
        return None
    return "it is INVALID, left behind by a CREATE INDEX CONCURRENTLY that failed (make sure that none is running)"


def _duplicate(index: Index, kept: Sequence[Index], facts: Facts) -> str | None:  # noqa: ARG001
    """Of two that are alike the one stays that serves something, or is older."""
    twin = next((other for other in kept if other.valid and _content(other) == _content(index)), None)
    return None if twin is None else f"it is a duplicate of {twin.name}"


def _content(index: Index) -> tuple[object, ...]:
    return index.method, index.keys, index.include, index.predicate


def _prefix(index: Index, kept: Sequence[Index], facts: Facts) -> str | None:  # noqa: ARG001
    wider = next((other for other in kept if _within(index, other)), None)
    return None if wider is None else f"its keys are the first keys of {wider.name}, which answers the same questions"


def _within(index: Index, other: Index) -> bool:
    """Whether a wider btree starts with the same keys, for the same rows."""
    if index.method != "btree" or other.method != "btree" or not other.valid or index.predicate != other.predicate:
        return False
    held = {key.column for key in other.keys} | set(other.include)
    longer = len(other.keys) > len(index.keys) or (len(other.include) > len(index.include) and other.keys == index.keys)
    return longer and starts_with(other.keys, index.keys) and set(index.include) <= held


def _within_new(index: Index, new: CandidateIndex) -> bool:
    """The same of an index that is advised; it must hold what the old one holds."""
    if new.table != index.table or (index.method, new.method, new.predicate) != ("btree", "btree", index.predicate):
        return False
    held = {key.column for key in new.keys} | set(new.include)
    return index.valid and starts_with(new.keys, index.keys) and set(index.include) <= held


def days_unused(index: Index, facts: Facts) -> float | None:
    """MIN_DAYS and more; None where it was scanned, or nobody knows: on a standby the primary's scans."""
    usage, days = facts.index_usage.get(index.index_name), facts.snapshot.usage.days
    if usage is None or usage.application_scans > 0 or facts.snapshot.server.in_recovery:
        return None
    return None if days is None or days < MIN_DAYS else days


def _unused(index: Index, kept: Sequence[Index], facts: Facts) -> str | None:
    days = days_unused(index, facts)
    if days is None or not facts.worth_indexing(index.table) or supports_foreign_key([index], kept, facts):
        return None
    caution = "; look again after a whole month" if days < YOUNG_DAYS else ""
    return f"it was not scanned once in {days:.0f} days of statistics{caution}; {_replicas(facts)}"


def _replicas(facts: Facts) -> str:
    read = facts.snapshot.usage.replicas
    if read == 0:
        return "replicas have counters of their own"
    return f"those of {'a replica' if read == 1 else f'{read} replicas'} are among them"


def supports_foreign_key(gone: Sequence[Index], kept: Sequence[Index | CandidateIndex], facts: Facts) -> bool:
    """Whether deletes of a parent row would have to scan the table without those, which are all of one table."""
    keys = [each.columns for each in facts.snapshot.catalog.constraints_of(gone[0].table) if each.type == "f"]
    return any(_leads(gone, columns) and not _leads(kept, columns) for columns in keys)


def _leads(indexes: Sequence[Index | CandidateIndex], columns: tuple[str, ...]) -> bool:
    return any(
        {key.column for key in each.keys[: len(columns)]} == set(columns)
        and each.predicate is None
        and (isinstance(each, CandidateIndex) or each.valid)
        for each in indexes
    )


async def _costs(
    items: Sequence[Item], chosen: Configuration, hidden: frozenset[RelationName], costs: CostTable
) -> dict[str, StatementCost | str]:
    answers = await costs.ask([(item, chosen) for item in items], hidden)
    return {item.fingerprint: answer for item, answer in zip(items, answers, strict=True)}


def dearer(before: StatementCost | str, after: StatementCost | str) -> bool:
    """By more than what counts; False where either is not known."""
    if isinstance(before, str) or isinstance(after, str):
        return False
    return after.cost > before.cost + max(MAX_RISE * before.cost, MAX_RISE_COST)


def reads(item: Item, index: Index) -> bool:
    """Whether a plan of the statement reads it; by bare name, which errs on the side of keeping it."""
    return any(used.name == index.name for plan in item.plans.plans for used in indexes_used(plan.plan))


def dropped_index(drop: Drop, statements: int, unknown: str | None) -> DroppedIndex:
    """With what was verified."""
    if unknown is not None:
        proof = f"not verified by planning without it ({unknown})"
    elif statements:
        plural = "statement" if statements == 1 else "statements"
        proof = f"hidden, and {statements} {plural} on the table planned again: none got dearer"
    else:
        proof = "no statement of the workload reads the table"
    index = drop.index
    size = None if index.pages is None else index.pages * BLOCK
    sql = drop_index_sql(index.schema, index.name)
    return DroppedIndex(
        sql, recreate(index), f"{drop.reason}; {proof}", str(index.table), size, _rollback_steps(index)
    )  # fmt: skip


def recreate(index: Index, how: str = "CONCURRENTLY") -> str:
    """Its definition, CONCURRENTLY; empty where the definition is not one CREATE INDEX statement."""
    for head in ("CREATE INDEX ", "CREATE UNIQUE INDEX "):
        if index.definition.startswith(head) and _one_statement(index.definition):
            return f"{head}{how} {index.definition[len(head) :]}"
    return ""


def _rollback_steps(index: Index) -> tuple[str, ...]:
    """An expression has no statistics before the next ANALYZE."""
    create = recreate(index, "CONCURRENTLY IF NOT EXISTS")
    expressions = any(key.expression is not None for key in index.keys)
    return (create, *([f"ANALYZE {qualified(index.table)}"] if expressions else [])) if create else ()


def _one_statement(text: str) -> bool:
    try:
        return not any(token.text == ";" for token in tokens(text))
    except TruncatedText:
        return False

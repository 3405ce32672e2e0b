"""Chosen indexes that may be UNIQUE: where statistics let that be, and a count of the rows shows it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from math import prod

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.model.catalog import Index, Relation, RelationKind
from pgtune_cli.model.index import CandidateIndex

Count = Callable[[Relation, Sequence[str]], Awaitable[str | tuple[bool, str]]]
"""whether no key occurs twice, and when that was counted; or why it was not."""


class Uniqueness(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a chosen index that was asked to be UNIQUE."""

    at: str | None = None
    """when it was counted that it is; None where it stays a plain one."""
    told: str


async def uniqueness(
    chosen: Iterable[CandidateIndex], facts: Facts, count: Count | None
) -> dict[CandidateIndex, Uniqueness]:
    """Of those whose keys might be unique; nothing where that was not asked."""
    if count is None:
        return {}
    found = {}
    for candidate in sorted(chosen, key=str):
        relation = facts.relations[candidate.table]
        columns = [key.column for key in candidate.keys if key.column is not None]
        if _might_be(candidate, columns, facts):
            found[candidate] = _told(await count(relation, columns))
    return found


def _told(answer: str | tuple[bool, str]) -> Uniqueness:
    if isinstance(answer, str):
        return Uniqueness(told=f"Its keys may be unique; that was not proven: {answer}.")
    unique, at = answer
    if not unique:
        return Uniqueness(told="Its keys are not unique: one occurs twice.")
    return Uniqueness(
        at=at,
        told=f"UNIQUE, since no key occurs twice: counted in the rows of {at} UTC. It is also a rule for what is "
        "written from then on, and cannot be built if a key occurs twice by then.",
    )


def _might_be(candidate: CandidateIndex, columns: Sequence[str], facts: Facts) -> bool:
    """A btree of whole columns over all rows, whose statistics have as many keys as rows."""
    relation, rows = facts.relations[candidate.table], facts.rows(candidate.table)
    plain = all(key.column is not None and key.opclass is None and key.collation is None for key in candidate.keys)
    if candidate.method != "btree" or candidate.predicate is not None or not plain or not rows:
        return False
    # of a partitioned table it would have to hold the partition key
    if relation.kind is not RelationKind.TABLE or any(
        _settles(index, columns) for index in facts.indexes.get(candidate.table, ())
    ):
        return False
    counts = [facts.distinct(candidate.table, column) or 0.0 for column in columns]
    return prod(counts) >= rows * (1 - NULLS_AND_ROUNDING)


def _settles(index: Index, columns: Sequence[str]) -> bool:
    """Unique already by fewer columns: a second rule would say nothing new."""
    whole = index.unique and index.valid and index.predicate is None
    return whole and all(key.column in columns for key in index.keys)


NULLS_AND_ROUNDING = 0.01
"""of the rows: n_distinct is an estimate"""

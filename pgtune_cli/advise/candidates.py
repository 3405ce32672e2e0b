"""Candidate indexes of a table for one use of it: equality keys first, then a range or the sort order."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from pgtune_cli.advise.access import Access
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex

WIDTH = 4
EQUALITIES = 3
"""more equality keys than this narrow nothing down, and make the index wide"""
Rank = Callable[[RelationName, IndexKey], object]


class Partial(msgspec.Struct, frozen=True):
    """A condition that an index may be partial for: its SQL, and the key that it makes superfluous."""

    sql: str
    key: IndexKey
    channel: str


def btree_candidates(access: Access, rank: Rank, width: int = WIDTH) -> list[CandidateIndex]:
    """Without repetition. `rank` orders equality keys: those that serve most, and narrow most, come first."""
    found = [make(access.table, keys, None, width) for keys in _key_lists(access, rank) if keys]
    return list(dict.fromkeys(found))


def partial_candidates(
    access: Access, rank: Rank, partials: Sequence[Partial], width: int = WIDTH
) -> list[CandidateIndex]:
    """The same with a condition: its own key is left out, unless nothing else remains."""
    found = []
    for partial in partials:
        rest = msgspec.structs.replace(
            access,
            equals=tuple(key for key in access.equals if key != partial.key),
            lists=tuple(key for key in access.lists if key != partial.key),
        )
        lists = list(_key_lists(rest, rank)) or [(partial.key,)]
        found += [make(access.table, keys, partial.sql, width) for keys in lists if keys]
    return list(dict.fromkeys(found))


def make(
    table: RelationName, keys: Iterable[IndexKey], predicate: str | None = None, width: int = WIDTH
) -> CandidateIndex:
    """A btree of the first keys, each once."""
    seen: dict[tuple[str | None, str | None], IndexKey] = {}
    for key in keys:
        seen.setdefault((key.column, key.expression), key)
    return CandidateIndex(table=table, keys=tuple(seen.values())[:width], predicate=predicate)


def _key_lists(access: Access, rank: Rank) -> Iterator[tuple[IndexKey, ...]]:
    """Every list of keys that this use of the table could want."""
    table = access.table
    equals = tuple(sorted(access.equals, key=lambda key: (rank(table, key), key.column or key.expression)))[:EQUALITIES]
    narrowed = (*equals, *access.lists)[:EQUALITIES]
    for key in (*access.equals, *access.lists, *access.ranges, *access.alternatives, *access.extremes):
        yield (key,)
    yield equals
    yield narrowed
    for key in access.ranges:
        yield (*equals, key)
        yield (*narrowed, key)
    for key in access.extremes:
        yield (*equals, key)
    yield from _joined(access, equals)
    yield from _sorted(access, equals)


def _joined(access: Access, equals: tuple[IndexKey, ...]) -> Iterator[tuple[IndexKey, ...]]:
    """The join keys alone, and with the table's own conditions before and behind them."""
    for keys in access.joins:
        for key in keys:
            yield (key,)
        yield keys
        yield (*keys, *equals)
        yield (*equals, *keys)
        for key in access.ranges:
            yield (*keys, *equals, key)


def _sorted(access: Access, equals: tuple[IndexKey, ...]) -> Iterator[tuple[IndexKey, ...]]:
    """An index that hands the rows over in order, behind the equality keys."""
    for keys in (access.order, access.groups):
        if keys:
            yield (*equals, *keys)
    if access.limited and access.order:
        yield access.order
    if access.groups:
        yield access.groups

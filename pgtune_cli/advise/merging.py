"""One candidate that does for several statements what each of theirs does."""

from collections.abc import Mapping
from itertools import permutations

import msgspec

from pgtune_cli.advise.candidates import WIDTH
from pgtune_cli.model.index import CandidateIndex

MOST_INCLUDED = 6
MOST = 60


def merged(used: Mapping[CandidateIndex, int], width: int = WIDTH) -> list[CandidateIndex]:
    """Of every two btrees on one table that start alike; those that exist already are among them.

    `used` says how many statements have a plan with each: what most would share comes first.
    """
    ordered = sorted(used, key=lambda each: msgspec.json.encode(each))
    found: dict[CandidateIndex, int] = {}
    for one, other in permutations(ordered, 2):
        made = _merge(one, other, width)
        if made is not None and made not in (one, other):
            found[made] = max(found.get(made, 0), used[one] + used[other])
    return sorted(found, key=lambda each: -found[each])[:MOST]


def holds(wide: CandidateIndex, narrow: CandidateIndex) -> bool:
    """Whether one btree answers what another does, if slower: it has its keys first, and all of its columns."""
    if wide == narrow or wide.method != "btree" or narrow.method != "btree" or wide.table != narrow.table:
        return False
    columns = {key.column for key in wide.keys} | set(wide.include)
    return (
        wide.predicate == narrow.predicate
        and wide.keys[: len(narrow.keys)] == narrow.keys
        and {*narrow.include, *(key.column for key in narrow.keys)} <= columns
    )


def _merge(one: CandidateIndex, other: CandidateIndex, width: int) -> CandidateIndex | None:
    """The keys of `one`, then what `other` has besides; included columns stay included."""
    if one.table != other.table or one.predicate != other.predicate or one.unique or other.unique:
        return None
    if {one.method, other.method} != {"btree"} or one.keys[0] != other.keys[0]:
        return None
    rest = [key for key in other.keys if key not in one.keys]
    keys = (*one.keys, *rest)
    if len(keys) > width or len({(key.column, key.expression) for key in keys}) < len(keys):
        return None
    held = {key.column for key in keys}
    include = tuple(sorted({*one.include, *other.include} - held))
    if len(include) > MOST_INCLUDED:
        return None
    return msgspec.structs.replace(one, keys=keys, include=include)

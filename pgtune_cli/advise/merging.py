"""One candidate that does for several statements what each of theirs does."""

from collections.abc import Iterable
from itertools import permutations

import msgspec

from pgtune_cli.advise.candidates import WIDTH
from pgtune_cli.model.index import CandidateIndex

MOST_INCLUDED = 6
MOST = 60


def merged(used: Iterable[CandidateIndex], width: int = WIDTH) -> list[CandidateIndex]:
    """Of every two btrees on one table that start alike; those that exist already are among them."""
    ordered = sorted(used, key=lambda each: msgspec.json.encode(each))
    found: dict[CandidateIndex, None] = {}
    for one, other in permutations(ordered, 2):
        made = _merge(one, other, width)
        if made is not None and made not in (one, other):
            found.setdefault(made)
    return list(found)[:MOST]


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

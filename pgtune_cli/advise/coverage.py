"""When does an index do what another would do: the same leading keys, in one direction or wholly reversed."""

import re
from collections.abc import Iterable, Sequence

from pgtune_cli.model.catalog import Index, IndexKey
from pgtune_cli.model.index import CandidateIndex

_CAST = re.compile(r"""::(?:"[^"]+"|[a-z_][\w ]*)(?:\.\w+)?(?:\([\d,]+\))?(?:\[\])?""")


def covers(index: Index, candidate: CandidateIndex) -> bool:
    """Whether `index` exists, is usable, holds the same rows, and does all that `candidate` would."""
    if not index.valid or index.method != candidate.method or candidate.unique:
        return False
    if _condition(index.predicate) != _condition(candidate.predicate):
        return False  # an index of all rows is many times the size of one of a few
    if candidate.method == "btree":
        fits = starts_with(index.keys, candidate.keys)
        held = {key.column for key in index.keys} | set(index.include)
        return fits and set(candidate.include) <= held
    return {_identity(key) for key in candidate.keys} <= {_identity(key) for key in index.keys}


def covered(candidate: CandidateIndex, indexes: Iterable[Index]) -> Index | None:
    """The first index that covers it."""
    return next((index for index in indexes if index.table == candidate.table and covers(index, candidate)), None)


def starts_with(keys: Sequence[IndexKey], prefix: Sequence[IndexKey]) -> bool:
    """Whether the first of `keys` are `prefix`; a btree reads backwards too, so all directions may be flipped."""
    if len(prefix) > len(keys):
        return False
    pairs = list(zip(keys, prefix, strict=False))
    if any(_identity(key) != _identity(wanted) for key, wanted in pairs):
        return False
    return all(_direction(key) == _direction(wanted) for key, wanted in pairs) or all(
        _direction(key) == _flipped(_direction(wanted)) for key, wanted in pairs
    )


def flipped(keys: Iterable[IndexKey]) -> tuple[IndexKey, ...]:
    """The keys as a backward scan sees them."""
    return tuple(
        IndexKey(
            column=key.column,
            expression=key.expression,
            descending=not key.descending,
            nulls_first=not key.nulls_first,
            opclass=key.opclass,
            collation=key.collation,
        )
        for key in keys
    )


def _identity(key: IndexKey) -> tuple[str | None, str | None, str | None, str | None]:
    return key.column, _squeezed(key.expression), key.opclass, key.collation


def _direction(key: IndexKey) -> tuple[bool, bool]:
    return key.descending, key.nulls_first


def _flipped(direction: tuple[bool, bool]) -> tuple[bool, bool]:
    return not direction[0], not direction[1]


def _condition(text: str | None) -> str | None:
    """PostgreSQL's deparser adds casts and parentheses; a candidate's condition is one comparison, without either."""
    if text is None:
        return None
    return "".join(_CAST.sub("", text).split()).replace("(", "").replace(")", "")


def _squeezed(text: str | None) -> str | None:
    """PostgreSQL's deparser and a user differ in spaces and outer parentheses only, in the simple cases."""
    return None if text is None else "".join(text.split()).strip("()")

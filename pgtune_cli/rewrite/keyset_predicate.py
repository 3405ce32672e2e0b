"""The condition "after the cursor", in branches that an index can serve each.

PostgreSQL compares (a, b) > (x, y) by the same b-tree order that ORDER BY a, b uses
(https://www.postgresql.org/docs/current/functions-comparisons.html#ROW-WISE-COMPARISON), but a NULL makes it NULL, and
it knows one direction. So keys of one direction whose cursor values are not NULL go into one row comparison, a change
of direction starts another branch, and rows whose key is NULL get a branch where NULLs come after the cursor.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from pgtune_cli.rewrite.keyset import Key

MAX_NULLABLE = 3
"""nullable keys: each doubles the number of statements."""


def patterns(keys: Sequence[Key]) -> Iterator[tuple[bool, ...]]:
    """Which keys of the cursor are NULL: all combinations, that without a NULL first."""
    return product(*((False, True) if key.nullable else (False,) for key in keys))


def branches(
    keys: Sequence[Key], here: Sequence[str], cursor: Sequence[str | None], *, backwards: bool = False
) -> list[str]:
    """Conditions of which each row after the cursor (before it, backwards) meets exactly one, other rows none.

    `here` names the keys of a row, `cursor` the values of the cursor, None for NULL. An empty list: no row is after.
    """
    found: list[list[str]] = []
    equal: list[str] = []
    at = 0
    while at < len(keys):
        if cursor[at] is None:
            if keys[at].nulls_first != backwards:
                found.append([*equal, f"{here[at]} IS NOT NULL"])
            equal.append(f"{here[at]} IS NULL")
            at += 1
            continue
        end = _run(keys, cursor, at)
        operator = "<" if keys[at].descending != backwards else ">"
        values = [str(value) for value in cursor[at:end]]
        found.append([*equal, compare(here[at:end], operator, values)])
        for position in range(at, end):
            if keys[position].nullable and keys[position].nulls_first == backwards:
                before = [f"{here[i]} = {cursor[i]}" for i in range(at, position)]
                found.append([*equal, *before, f"{here[position]} IS NULL"])
        equal += [f"{here[i]} = {cursor[i]}" for i in range(at, end)]
        at = end
    return [" AND ".join(parts) for parts in found]


def bound(keys: Sequence[Key], here: Sequence[str], cursor: Sequence[str | None], *, backwards: bool = False) -> str:
    """What every branch implies of the first key, so that an index can start there; '' where nothing can be said."""
    first, operator = keys[0], "<" if keys[0].descending != backwards else ">"
    comes_first = first.nulls_first != backwards
    if cursor[0] is None:
        return "" if comes_first else f"{here[0]} IS NULL"
    return "" if first.nullable and not comes_first else f"{here[0]} {operator}= {cursor[0]}"


def any_of(parts: Sequence[str]) -> str:
    """The branches as one condition."""
    if not parts:
        return "false"
    return parts[0] if len(parts) == 1 else "(" + " OR ".join(f"({part})" for part in parts) + ")"


def compare(left: Sequence[str], operator: str, right: Sequence[str]) -> str:
    """`a > $1`, `(a, b) > ($1, $2)`."""
    if len(left) == 1:
        return f"{left[0]} {operator} {right[0]}"
    return f"({', '.join(left)}) {operator} ({', '.join(right)})"


def order_by(keys: Sequence[Key], names: Sequence[str] | None = None, *, backwards: bool = False) -> str:
    """The keys of ORDER BY, forwards or exactly mirrored."""
    return ", ".join(
        _ordered(key, name, backwards=backwards)
        for key, name in zip(keys, names or [key.sql for key in keys], strict=True)
    )


def _ordered(key: Key, name: str, *, backwards: bool) -> str:
    descending, nulls_first = key.descending != backwards, key.nulls_first != backwards
    nulls = "" if nulls_first == descending else f" NULLS {'FIRST' if nulls_first else 'LAST'}"
    return f"{name}{' DESC' if descending else ''}{nulls}"


def _run(keys: Sequence[Key], cursor: Sequence[str | None], start: int) -> int:
    """The end of the keys of one direction whose values are not NULL."""
    end = start + 1
    while end < len(keys) and cursor[end] is not None and keys[end].descending == keys[start].descending:
        end += 1
    return end

"""What migrations are made of, whatever the tool: steps forward, steps back, and Python source that says so."""

import hashlib
import textwrap
from collections.abc import Sequence

import msgspec

from pgtune_cli.model.index import ChosenIndex, DroppedIndex, IndexAdvice
from pgtune_cli.report.format import plain

PATIENT = ("SET lock_timeout = '10min'", "SET statement_timeout = 0")
BRIEF = ("SET lock_timeout = '5s'", "SET statement_timeout = '1min'")
AFTER = ("RESET lock_timeout", "RESET statement_timeout")


class Change(msgspec.Struct, frozen=True):
    """One index made or dropped."""

    title: str
    why: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    """empty where it cannot be undone."""
    leaves: tuple[str, ...] = ()
    """the indexes that `forward` builds."""
    rebuilt: tuple[str, ...] = ()
    """those that `backward` does."""


def changes(advice: IndexAdvice) -> list[Change]:
    """What the advice does to the database, in its order."""
    return [*map(_created, advice.chosen), *map(_dropped, advice.dropped)]


def python(value: str) -> str:
    """`value` as a Python string in ASCII: a name of the database can end no line and hide nothing."""
    quoted = ascii(value)
    if quoted[0] == "'" and '"' not in quoted:
        return '"' + quoted[1:-1].replace("\\'", "'") + '"'
    return quoted


def comment(text: str, width: int = 110) -> list[str]:
    """Lines of Python comment."""
    return [f"# {line}" for line in textwrap.wrap(" ".join(plain(text).split()), width, break_long_words=True)]


def digest(found: Sequence[Change]) -> str:
    """Twelve hexadecimal digits: the same advice makes the same file."""
    whole = "\0".join(step for change in found for step in (*change.forward, *change.backward))
    return hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:12]


def _created(index: ChosenIndex) -> Change:
    undo = dict.fromkeys(step for step in reversed(index.rollback_steps) if step is not None)
    backward: list[str] = []
    limits: tuple[str, ...] = ()
    for step in undo:
        wanted = PATIENT if step.startswith("DROP INDEX CONCURRENTLY") else BRIEF
        backward += [*(wanted if wanted != limits else ()), step]
        limits = wanted
    return Change(f"create {index.name}", index.why, index.steps, (*backward, *AFTER), index.leaves)


def _dropped(index: DroppedIndex) -> Change:
    forward = index.sql.replace("DROP INDEX CONCURRENTLY ", "DROP INDEX CONCURRENTLY IF EXISTS ", 1)
    steps = index.rollback_steps or ((index.rollback_sql,) if index.rollback_sql else ())
    backward = (*PATIENT, *steps, *AFTER) if steps else ()
    name = index.sql.removeprefix("DROP INDEX CONCURRENTLY ")
    return Change(index.sql, index.reason, (*PATIENT, forward, *AFTER), backward, rebuilt=(name,) if steps else ())

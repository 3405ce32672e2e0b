"""A pagination that can go by key: its keys in order, and the form that its pages take."""

import re
from enum import StrEnum

import msgspec

from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.shape_types import Block, Role, Span

_FLAGGED = re.compile(r"(jsonb\b|.*\[\]$|.*range\b|record\b)")


class Form(StrEnum):
    """How the condition gets into the statement."""

    PLAIN = "plain"
    """into WHERE; GROUP BY and DISTINCT too, where the keys are the same for all rows of a group."""
    DISTINCT_ON = "distinct_on"
    """into WHERE; what follows the DISTINCT ON keys in ORDER BY chooses the row and keeps its direction."""
    WRAPPED = "wrapped"
    """around the statement: a condition within would change windows, or one arm of a set operation only."""
    ROW_NUMBER = "row_number"
    """into the SELECT that numbers the rows; LIMIT takes the place of the bounds."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the order."""

    sql: str
    """as a condition beside it may name it: `a.created_at`, `lower(a.name)`, `a.name COLLATE "C"`."""
    name: str
    """what the application calls it."""
    type: str | None = None
    """format_type(); None until a server tells, of expressions."""
    nullable: bool = True
    descending: bool = False
    nulls_first: bool = False
    written: bool = True
    """in the ORDER BY already; else appended to break ties."""
    output: str | None = None
    """the result column that returns it."""
    collation: str | None = None
    """as written behind COLLATE; it is in `sql` too."""
    relation_alias: str | None = None
    """the table it is a column or an expression of; None for several or none."""
    index: IndexKey | None = None
    """as a key of an index, direction left out."""


class Keyset(msgspec.Struct, frozen=True, kw_only=True):
    """An OFFSET that can become a key comparison."""

    block: Block
    form: Form
    keys: tuple[Key, ...]
    tail: str = ""
    """DISTINCT ON: what follows the keys in ORDER BY, as written."""
    returned: bool = True
    """all keys are among the result columns, under names of their own."""
    outputs: tuple[str, ...] = ()
    """else the names of all result columns, where a branch may return the keys beside them."""
    candidate: CandidateIndex | None = None
    """the index that makes every page cheap; None where none can."""
    served: bool = False
    """an existing index does that already."""
    notes: tuple[str, ...] = ()
    bounds: "RowNumber | None" = None

    @property
    def nested(self) -> bool:
        """A query around it may reorder or filter its rows."""
        return self.block.role is not Role.OUTERMOST

    @property
    def appended(self) -> tuple[Key, ...]:
        return tuple(key for key in self.keys if not key.written)


class RowNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The numbering SELECT within, and what around it asks for a range of its numbers."""

    outer: Block
    call: Span
    """of `row_number() OVER (…)`."""
    window: Span
    """of what is within the parentheses of OVER."""
    name: str


class Refusal(msgspec.Struct, frozen=True):
    """Why a statement stays as it is. `case` is its name in the tests and in the documentation."""

    case: str
    reason: str


def flags(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """What the application must know of the keys' types."""
    found = []
    for key in keys:
        kind = key.type or ""
        if kind.startswith(("timestamp", "time", "interval")):
            found.append(f"{key.name}: carry it as text, with all its microseconds; a value rounded to ms loses rows")
        elif kind in ("real", "double precision"):
            found.append(f"{key.name}: carry it as text: JSON has no NaN and no Infinity, and 17 digits are needed")
        elif _FLAGGED.match(kind):
            found.append(f"{key.name}: {kind} has a b-tree order, though seldom the one that is meant")
    return tuple(found)

"""What the scripts of new indexes are made of: steps that may be run again, their names, and what undoes each."""

from collections.abc import Iterable

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.model.catalog import Index, Relation, RelationName, Sequence, UserType
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name
from pgtune_cli.sql.printable import is_printable
from pgtune_cli.sql.quote import qualified, quote_literal

PATIENT = ("SET lock_timeout = '10min'", "SET statement_timeout = 0")
"""CONCURRENTLY waits for older transactions and nobody waits for it; but a wait without an end helps no one"""
BRIEF = ("SET lock_timeout = '5s'", "SET statement_timeout = '1min'")
"""where others wait behind a lock that is waited for"""
AFTER = ("RESET lock_timeout", "RESET statement_timeout")


class Step(msgspec.Struct, frozen=True):
    sql: str
    rollback_sql: str | None = None
    """in reverse order these undo a script from any of its steps on; None changes nothing in the database."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    sql: str
    """the statement alone."""
    steps: tuple[Step, ...]
    """may be run again."""
    rollback_sql: str
    leaves: tuple[str, ...]
    """the indexes that are built, qualified: an interruption leaves them INVALID."""


class Names:
    """Names for new indexes, none taken twice: everything of pg_class in a schema shares one namespace."""

    def __init__(self, facts: Facts) -> None:
        self._taken: dict[str, set[str]] = {}
        catalog = facts.snapshot.catalog
        composite = (each for each in catalog.types if each.kind == "c")
        found: list[Relation | Index | Sequence | UserType] = [*facts.relations.values(), *catalog.indexes]
        for one in (*found, *catalog.sequences, *composite):
            self._of(one.schema).add(one.name)

    def take(self, candidate: CandidateIndex) -> str:
        name = self.peek(candidate)
        self._of(candidate.table.schema).add(name)
        return name

    def peek(self, candidate: CandidateIndex) -> str:
        """The name it would get, left free."""
        return index_name(candidate, self._of(candidate.table.schema))

    def _of(self, schema: str) -> set[str]:
        return self._taken.setdefault(schema, set())


def settings(texts: Iterable[str]) -> list[Step]:
    return [Step(text) for text in texts]


def build(candidate: CandidateIndex, name: str) -> Step:
    """Of a table that is not partitioned."""
    sql = create_index_sql(candidate, name, if_not_exists=True)
    return Step(sql, drop_index_sql(candidate.table.schema, name, if_exists=True))


def last(candidate: CandidateIndex) -> list[Step]:
    """An expression has no statistics before the next ANALYZE, and an index without them may not be used."""
    expressions = any(key.expression is not None for key in candidate.keys)
    analyze = [Step(f"ANALYZE {qualified(candidate.table)}")] if expressions else []
    return [*analyze, *settings(AFTER)]


def check_valid(index: RelationName, table: RelationName, *, attached: bool = False) -> Step:
    """Fails where the name is another's, and where a build was interrupted: the planner does not use that index."""
    name, on = qualified(index), quote_literal(qualified(table))
    hint = f"Run DROP INDEX CONCURRENTLY {name} and then this script again."
    if attached:
        hint = "A partition has no index that is attached to it: run pgtune again if it is a new one."
    body = (
        "BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_index WHERE"
        f" indexrelid = to_regclass({quote_literal(name)}) AND indrelid = to_regclass({on})"
        " AND indisvalid) THEN RAISE EXCEPTION USING"
        f" MESSAGE = {quote_literal(f'index {name} is INVALID or missing')}, HINT = {quote_literal(hint)};"
        " END IF; END"
    )
    return Step(f"DO {_quoted(body)}")


def _quoted(body: str) -> str:
    """In dollars to be read; in quotes where something in a name has to be escaped on paper."""
    plain = all(map(is_printable, body)) and "$pgtune$" not in body
    return f"$pgtune${body}$pgtune$" if plain else quote_literal(body)

"""The script of one index: safe to run on a live table, step by step, and what undoes it."""

import msgspec

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.other_methods import needs_extension
from pgtune_cli.model.catalog import Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, drop_index_sql, index_name
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal

LOCK_TIMEOUT = "10min"
"""CONCURRENTLY waits for older transactions; nobody waits for it, but a wait without an end helps no one"""


class Script(msgspec.Struct, frozen=True):
    name: str
    sql: str
    """the statement alone."""
    steps: tuple[str, ...]
    rollback_sql: str


class Names:
    """Names for new indexes, none taken twice: relations and indexes of a schema share one namespace."""

    def __init__(self, facts: Facts) -> None:
        self._taken: dict[str, set[str]] = {}
        for relation in facts.relations.values():
            self._of(relation.schema).add(relation.name)
        for index in facts.snapshot.catalog.indexes:
            self._of(index.schema).add(index.name)

    def take(self, candidate: CandidateIndex) -> str:
        name = self.peek(candidate)
        self._of(candidate.table.schema).add(name)
        return name

    def peek(self, candidate: CandidateIndex) -> str:
        """The name it would get, left free."""
        return index_name(candidate, self._of(candidate.table.schema))

    def _of(self, schema: str) -> set[str]:
        return self._taken.setdefault(schema, set())


def script(candidate: CandidateIndex, names: Names, facts: Facts) -> Script:
    """CREATE INDEX CONCURRENTLY; of a partitioned table on each partition, then attached."""
    relation = facts.relations.get(candidate.table)
    name = names.take(candidate)
    before = (f"SET lock_timeout = '{LOCK_TIMEOUT}'", "SET statement_timeout = 0", *_extension(candidate, facts))
    if relation is not None and relation.kind is RelationKind.PARTITIONED:
        body = _partitioned(candidate, name, names, facts)
        rollback = drop_index_sql(candidate.table.schema, name, concurrently=False)
    else:
        body = [*_plain(candidate, name)]
        rollback = drop_index_sql(candidate.table.schema, name)
    expressions = any(key.expression is not None for key in candidate.keys)
    after = (f"ANALYZE {qualified(candidate.table)}",) if expressions else ()
    return Script(name, body[0], (*before, *body, *after), rollback)


def _plain(candidate: CandidateIndex, name: str) -> list[str]:
    return [create_index_sql(candidate, name), left_invalid(RelationName(candidate.table.schema, name))]


def _extension(candidate: CandidateIndex, facts: Facts) -> tuple[str, ...]:
    """Nothing where the server has it already."""
    extension = needs_extension(candidate, facts)
    return () if extension is None else (f"CREATE EXTENSION IF NOT EXISTS {quote_identifier(extension)} SCHEMA public",)


def left_invalid(index: RelationName) -> str:
    """Returns a row when the build failed halfway: drop that index, and start again."""
    text = quote_literal(qualified(index))
    return (
        "SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index "
        f"WHERE indexrelid = to_regclass({text}) AND NOT indisvalid"
    )


def _partitioned(candidate: CandidateIndex, name: str, names: Names, facts: Facts) -> list[str]:
    """CONCURRENTLY is not known to partitioned tables: the parent ONLY, each partition, then ATTACH."""
    own = RelationName(candidate.table.schema, name)
    steps = [_on_only(candidate, name)]
    for part in facts.partitions.get(candidate.table, ()):
        if part.kind not in (RelationKind.TABLE, RelationKind.PARTITIONED):
            continue  # a foreign partition has no index here
        steps += _part(candidate, part, own, names, facts)
    return [*steps, left_invalid(own)]


def _part(candidate: CandidateIndex, part: Relation, parent: RelationName, names: Names, facts: Facts) -> list[str]:
    local = msgspec.structs.replace(candidate, table=part.relation_name)
    name = names.take(local)
    if part.kind is RelationKind.PARTITIONED:
        steps = _partitioned(local, name, names, facts)[:-1]
    else:
        steps = [create_index_sql(local, name)]
    index = qualified(RelationName(part.schema, name))
    return [*steps, f"ALTER INDEX {qualified(parent)} ATTACH PARTITION {index}"]


def _on_only(candidate: CandidateIndex, name: str) -> str:
    head = f"CREATE INDEX {quote_identifier(name)} ON "
    whole = create_index_sql(candidate, name, concurrently=False)
    assert whole.startswith(head)
    return f"{head}ONLY {whole[len(head) :]}"

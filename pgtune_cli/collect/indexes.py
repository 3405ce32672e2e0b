"""Indexes and constraints, from the rows of the catalog queries."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.server_facts import ServerFacts
from pgtune_cli.collect.tables import Found, counted, pages
from pgtune_cli.model.catalog import Constraint, Index, IndexKey, RelationName


def indexes(found: Found, rows: Sequence[Record], sizes: Mapping[int, Record], facts: ServerFacts) -> Iterable[Index]:
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        if row["keys"] is None or row["definition"] is None:  # dropped while it was read
            continue
        yield Index(
            oid=row["oid"],
            schema=row["schema"],
            name=row["name"],
            table=found.names[row["table_oid"]],
            method=row["method"],
            unique=row["unique"],
            primary=row["primary"],
            valid=row["valid"],
            ready=row["ready"],
            immediate=row["immediate"],
            exclusion=row["exclusion"],
            nulls_not_distinct=row["nulls_not_distinct"],
            constraint=row["constraint"],
            replica_identity=row["replica_identity"],
            clustered=row["clustered"],
            partition_of=_name(row["parent_schema"], row["parent_name"]),
            definition=row["definition"],
            keys=msgspec.json.decode(row["keys"], type=tuple[IndexKey, ...]),
            include=tuple(row["include"]),
            predicate=row["predicate"],
            relpages=row["relpages"],
            reltuples=counted(row["reltuples"], row["relpages"], facts.version_num),
            pages=pages(sizes.get(row["oid"]), facts.block_size),
            tablespace=row["tablespace"],
        )


def constraints(found: Found, rows: Sequence[Record]) -> Iterable[Constraint]:
    for row in sorted(rows, key=lambda row: (found.names[row["oid"]], row["name"])):
        if row["definition"] is None:
            continue
        yield Constraint(
            name=row["name"],
            table=found.names[row["oid"]],
            type=row["type"],
            definition=row["definition"],
            columns=tuple(row["columns"]),
            references=_name(row["references_schema"], row["references_name"]),
            referenced_columns=tuple(row["referenced_columns"]),
            on_delete=row["on_delete"],
            on_update=row["on_update"],
            validated=row["validated"],
        )


def _name(schema: str | None, name: str | None) -> RelationName | None:
    return RelationName(schema, name) if schema is not None and name is not None else None

"""Relations with their columns, from the rows of the catalog queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_facts import ServerFacts
from pgtune_cli.model.catalog import Column, Relation, RelationKind, RelationName


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The relations that are to be read, by oid, and what pgtune may do with them."""

    names: dict[int, RelationName]
    names_sql: dict[int, str]
    rows: tuple[Record, ...]

    @property
    def oids(self) -> list[int]:
        return list(self.names)

    def called(self, oid: int) -> str:
        """A relation's name for a message."""
        return str(self.names.get(oid, f"oid {oid}"))


async def find_relations(reader: Reader, options: CollectOptions) -> Found:
    """The relations that the options ask for, without those that someone locks against readers."""
    rows = await reader.rows("relations")
    locked = {row["oid"] for row in await reader.rows("locked")}
    kept = []
    for row in sorted(rows, key=lambda row: (row["schema"], row["name"])):
        if not options.wants(row["schema"], row["name"]):
            continue
        if row["oid"] in locked:
            reader.skip(
                f"relation {row['schema']}.{row['name']}",
                "another session locks it, or waits to lock it, against every reader",
                "run pgtune again when the migration or VACUUM FULL has ended",
            )
        else:
            kept.append(row)
    return Found(
        names={row["oid"]: RelationName(row["schema"], row["name"]) for row in kept},
        names_sql={row["oid"]: row["name_sql"] for row in kept},
        rows=tuple(kept),
    )


async def read_columns(reader: Reader, found: Found) -> dict[int, tuple[Column, ...]]:
    """By oid, of every relation whose columns could be read: there may be none."""
    columns: dict[int, list[Column]] = defaultdict(list)
    for row in await reader.rows_of("columns", found.oids, found.called):
        known = columns[row["oid"]]
        if row["attnum"] is None:
            continue
        known.append(
            Column(
                attnum=row["attnum"],
                name=row["name"],
                type=row["type"],
                not_null=row["not_null"],
                default=row["default"],
                generated=row["generated"],
                identity=row["identity"],
                collation=row["collation"],
                storage=row["storage"],
                statistics_target=row["statistics_target"],
            )
        )
    return {oid: tuple(found) for oid, found in columns.items()}


async def read_definitions(reader: Reader, found: Found) -> dict[int, Record]:
    special = [row["oid"] for row in found.rows if row["kind"] in "pvm" or row["is_partition"]]
    return {row["oid"]: row for row in await reader.rows_of("relation_definitions", special, found.called)}


def relations(
    found: Found,
    columns: Mapping[int, tuple[Column, ...]],
    definitions: Mapping[int, Record],
    sizes: Mapping[int, Record],
    facts: ServerFacts,
) -> Iterable[Relation]:
    """A relation whose columns could not be read is left out: nothing can be said about it."""
    for row in found.rows:
        oid = row["oid"]
        definition = definitions.get(oid)
        size = sizes.get(oid)
        parents = tuple(found.names[parent] for parent in row["parents"] if parent in found.names)
        if oid in columns or row["kind"] != "r":
            yield Relation(
                oid=oid,
                schema=row["schema"],
                name=row["name"],
                kind=RelationKind(row["kind"]),
                owner=row["owner"],
                persistence=row["persistence"],
                row_security=row["row_security"],
                force_row_security=row["force_row_security"],
                tablespace=row["tablespace"],
                relpages=max(row["relpages"], 0),  # -1 for an analyzed partitioned table
                reltuples=counted(row["reltuples"], row["relpages"], facts.version_num),
                relallvisible=row["relallvisible"],
                pages=pages(size, facts.block_size),
                toast_bytes=size["toast_bytes"] if size else None,
                xid_age=row["xid_age"],
                multixact_age=row["multixact_age"],
                options=tuple(row["options"]),
                partition_key=definition["partition_key"] if definition else None,
                partition_of=parents[0] if row["is_partition"] and parents else None,
                partition_bound=definition["partition_bound"] if definition else None,
                inherits=() if row["is_partition"] else parents,
                replica_identity=row["replica_identity"],
                view_definition=definition["view_definition"] if definition else None,
                columns=columns.get(oid, ()),
            )


def pages(size: Record | None, block_size: int) -> int | None:
    return None if size is None or size["bytes"] is None else size["bytes"] // block_size


def counted(reltuples: float, relpages: int, version_num: int) -> float | None:
    """Rows as last counted. Never counted is -1 from 14 on; before, it was no rows in no pages."""
    never = reltuples < 0 if version_num >= 140000 else reltuples == 0 and relpages == 0
    return None if never else reltuples

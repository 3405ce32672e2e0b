"""Indexes of partitioned tables, which hold no keys: those of the partitions do, each attached to the one above it."""

from typing import Annotated, Any

import msgspec

from pgtune_cli.lint.subject import known
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index, Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.index_ddl import create_index_sql, index_name
from pgtune_cli.sql.quote import qualified

NO_CONCURRENTLY = (
    "A partitioned table's index cannot be dropped CONCURRENTLY: the drop locks the table and every partition, and "
    "others queue behind it. Set lock_timeout to a few seconds and repeat it."
)


class PartitionedIndexFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an index of a partitioned table still lacks."""

    partitions: Annotated[float, known("partitions of its table, one level down; 0 where that is not partitioned")]
    partitions_without: Annotated[tuple[str, ...], known("those that have no valid index attached to it")]
    complete_sql: Annotated[str | None, known("builds, repairs and attaches what it lacks, without blocking writes; "
                                              "null where that takes more: a partition that is partitioned itself, or "
                                              "foreign; an index of a constraint",
                                              sql=True)]  # fmt: skip


def partitioned_index(index: Index, world: World) -> dict[str, Any]:
    """The facts above."""
    parts = world.partitions.get(index.table, [])
    attached = {part.table: part for part in world.attached.get(index.index_name, [])}
    lacking = [part for part in parts if not _is_whole(attached.get(part.relation_name))]
    return {
        "partitions": float(len(parts)), "partitions_without": tuple(str(part.relation_name) for part in lacking),
        "complete_sql": _complete(index, lacking, attached, world),
    }  # fmt: skip


def _is_whole(index: Index | None) -> bool:
    return index is not None and index.valid


def _complete(index: Index, lacking: list[Relation], attached: dict[RelationName, Index], world: World) -> str | None:
    """One statement after the other. An index that is attached already is attached again, which looks anew whether
    the one above it is complete.
    """
    if not lacking or any(part.kind is not RelationKind.TABLE for part in lacking):
        return None
    taken = {other.name for other in world.snapshot.catalog.indexes}
    steps = []
    for part in lacking:
        name = part.relation_name
        own = attached.get(name) or next((each for each in world.indexes.get(name, []) if _fits(each, index)), None)
        if own is not None:
            made = own.index_name
            steps += [] if own.valid else [f"REINDEX INDEX CONCURRENTLY {qualified(made)}"]
        elif index.constraint is not None or index.nulls_not_distinct:
            return None
        else:
            wanted = CandidateIndex(
                table=name, method=index.method, keys=index.keys, include=index.include, predicate=index.predicate,
                unique=index.unique,
            )  # fmt: skip
            made = RelationName(name.schema, index_name(wanted, taken))
            taken.add(made.name)
            steps.append(create_index_sql(wanted, made.name))
        steps.append(f"ALTER INDEX {qualified(index.index_name)} ATTACH PARTITION {qualified(made)}")
    return ";\n".join(steps)


def _fits(own: Index, above: Index) -> bool:
    """Whether an index of a partition, which belongs to nothing yet, may be attached."""
    return (
        own.partition_of is None and own.valid and own.keys == above.keys and own.include == above.include
        and (own.method, own.unique, own.predicate) == (above.method, above.unique, above.predicate)
        and (own.constraint is None) == (above.constraint is None)
    )  # fmt: skip

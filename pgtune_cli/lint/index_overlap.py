"""Indexes that do the work of others."""

from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Index, IndexKey


def keeper_of_duplicates(index: Index, world: World) -> Index | None:
    """The index that makes this one superfluous: same keys, and at least its duties. None when this one should stay."""
    twins = [other for other in world.indexes.get(index.table, []) if _same(index, other)]
    keeper = max([index, *twins], key=_worth)
    if keeper.oid == index.oid or _has_duties(index):
        return None
    return keeper if keeper.unique or not index.unique else None


def _same(index: Index, other: Index) -> bool:
    return (
        other.oid != index.oid and other.valid and index.valid and other.method == index.method
        and other.keys == index.keys and set(index.include) <= set(other.include)
        and other.predicate == index.predicate and other.nulls_not_distinct == index.nulls_not_distinct
    )  # fmt: skip


def _worth(index: Index) -> tuple[bool, bool, bool, int, int]:
    """What should stay: duties first, then what covers more, then the elder."""
    return index.primary, _has_duties(index), index.unique, len(index.include), -index.oid


def _has_duties(index: Index) -> bool:
    return (
        index.primary or index.constraint is not None or index.replica_identity or index.clustered
        or index.partition_of is not None  # it goes with the index of the partitioned table, never alone
    )  # fmt: skip


def longer_index(index: Index, world: World) -> Index | None:
    """A b-tree that starts with all keys of this one, read forwards or backwards, and has more; the shortest such."""
    if index.method != "btree" or index.unique or _has_duties(index) or not index.valid:
        return None
    longer = [other for other in world.indexes.get(index.table, []) if _starts_with(other, index)]
    return min(longer, key=lambda other: (len(other.keys), other.name), default=None)


def _starts_with(other: Index, index: Index) -> bool:
    count = len(index.keys)
    head = other.keys[:count]
    return (
        other.oid != index.oid and other.method == "btree" and other.valid and len(other.keys) > count
        and other.predicate == index.predicate and set(index.include) <= {*other.include, *_columns(other)}
        and (head == index.keys or head == tuple(_reversed(key) for key in index.keys))
    )  # fmt: skip


def _columns(index: Index) -> set[str]:
    return {key.column for key in index.keys if key.column is not None}


def _reversed(key: IndexKey) -> IndexKey:
    return IndexKey(
        column=key.column, expression=key.expression, descending=not key.descending, nulls_first=not key.nulls_first,
        opclass=key.opclass, collation=key.collation,
    )  # fmt: skip

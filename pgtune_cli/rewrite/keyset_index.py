"""The index that makes every page of a keyset cheap, and whether one that exists does already."""

import msgspec

from pgtune_cli.model.catalog import Index, IndexKey, RelationKind
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.rewrite.keyset import Form, Key, Keyset
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.shape_types import Block, Place, PredicateKind, Table


def with_index(source: Source, keyset: Keyset) -> Keyset:
    """The keyset with its index; ties are broken in the other direction where only then an index serves."""
    found = _with(source, keyset)
    if found.served or not found.appended or found.form is Form.WRAPPED:
        return found
    turned = tuple(
        key
        if key.written
        else msgspec.structs.replace(key, descending=not key.descending, nulls_first=not key.nulls_first)
        for key in keyset.keys
    )
    other = _with(source, msgspec.structs.replace(keyset, keys=turned))
    return other if other.served else found


def _with(source: Source, keyset: Keyset) -> Keyset:
    table = keyset.block.table(keyset.keys[0].relation_alias or "") if keyset.keys else None
    if keyset.form is Form.WRAPPED or table is None or table.relation is None:
        return keyset
    relation = source.catalog.relation(table.relation)
    if relation is None or relation.kind in (RelationKind.VIEW, RelationKind.FOREIGN):
        return keyset
    keys = []
    for key in keyset.keys:
        if key.relation_alias != table.alias or key.index is None:
            break
        keys.append(key)
    if not keys:
        return keyset
    fixed = _fixed(keyset.block, table, {key.index.column for key in keys if key.index is not None})
    candidate = CandidateIndex(table=table.relation, keys=(*(IndexKey(column=name) for name in fixed), *_ordered(keys)))
    served = any(serves(index, set(fixed), _ordered(keys)) for index in source.catalog.indexes_of(table.relation))
    return msgspec.structs.replace(keyset, candidate=candidate, served=served)


def _fixed(block: Block, table: Table, ordered: set[str | None]) -> list[str]:
    """Columns that the statement holds to one value, in front of the keys."""
    found: list[str] = []
    for predicate in block.predicates:
        if (
            predicate.kind is PredicateKind.EQ
            and predicate.place is Place.WHERE
            and predicate.column is not None
            and predicate.column.alias == table.alias
            and not (predicate.column.outer or predicate.column.derived)
            and predicate.cast is None
            and predicate.operand.plain
            and not (predicate.under_or or predicate.under_not)
            and predicate.column.column not in (*ordered, *found)
        ):
            found.append(predicate.column.column)
    return found


def _ordered(keys: list[Key]) -> list[IndexKey]:
    """The keys in their directions. The defaults of DESC are the mirror of those of ASC: ascending serves both."""
    mirror = all(key.descending and key.nulls_first for key in keys)
    made = []
    for key in keys:
        assert key.index is not None
        descending, nulls_first = key.descending and not mirror, key.nulls_first and not mirror
        collation = key.index.collation
        bare = collation.removeprefix("?.") if collation is not None else None
        made.append(msgspec.structs.replace(key.index, descending=descending, nulls_first=nulls_first, collation=bare))
    return made


def serves(index: Index, fixed: set[str], keys: list[IndexKey]) -> bool:
    """It gives the keys in order, in their direction or all mirrored; columns held to one value may stand between."""
    if index.method != "btree" or not index.valid or index.predicate is not None:
        return False
    waiting, open_fixed = list(keys), set(fixed)
    flips = set()
    for have in index.keys:
        if have.opclass is not None:
            return False
        if have.column in open_fixed:
            open_fixed.discard(have.column)
        elif waiting and _same(have, waiting[0]):
            want = waiting.pop(0)
            flips.add((have.descending != want.descending, have.nulls_first != want.nulls_first))
        else:
            break
    return not waiting and not open_fixed and flips in ({(False, False)}, {(True, True)})


def _same(have: IndexKey, want: IndexKey) -> bool:
    if want.collation is not None and (have.collation or "").rpartition(".")[2] != want.collation.rpartition(".")[2]:
        return False
    if want.column is not None:
        return have.column == want.column and (want.collation is not None or have.collation is None)
    return have.expression is not None and _squeezed(have.expression) == _squeezed(want.expression or "")


def _squeezed(text: str) -> str:
    """Without spaces, parentheses and casts of constants to text, which PostgreSQL adds."""
    return "".join(text.lower().replace("::text", "").replace("(", "").replace(")", "").split())

"""What is appended to the keys of an ORDER BY, so that all of them together tell the rows apart."""

import msgspec

from pgtune_cli.model.catalog import RelationKind
from pgtune_cli.rewrite.keyset import Key, Refusal
from pgtune_cli.rewrite.keyset_keys import Keys
from pgtune_cli.rewrite.keyset_text import plain_name
from pgtune_cli.rewrite.source import same_text
from pgtune_cli.sql.shape_types import ColumnRef, SortKey, Table


def row_ties(keys: Keys, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
    """A unique key of every table of which several rows may share the keys so far."""
    appended: list[Key] = []
    decided = _decided(keys, written)
    waiting = keys.source.uniqueness.undecided(keys.block, decided)
    while waiting:
        table = waiting[0]
        known = keys.source.uniqueness.known(keys.block, decided)
        columns = next(iter(keys.source.uniqueness.keys_of(table)), None)
        if columns is None:
            return Refusal("no_unique_key", _why_no_key(keys, table))
        for column in columns:
            decided.add((table.alias, column))
            if (table.alias, column) not in known:
                key = _column(keys, table, column)
                if isinstance(key, Refusal):
                    return key
                appended.append(key)
        remaining = keys.source.uniqueness.undecided(keys.block, decided)
        if remaining == waiting:
            return Refusal("no_unique_key", _why_no_key(keys, table))
        waiting = remaining
    return in_last_direction(written, appended)


def group_ties(keys: Keys, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
    """The group's columns that the keys leave open; a key must be one for all rows of a group."""
    block = keys.block
    grouped = {(key.column.alias, key.column.column) for key in block.group_by if key.column is not None}
    texts = [key.expression for key in block.group_by if key.column is None]
    follows = keys.source.uniqueness.known(block, grouped)
    for key in written:
        column = (key.relation_alias or "", (key.index.column if key.index is not None else None) or "")
        if column not in follows and not any(same_text(key.sql, text) for text in texts):
            return Refusal("key_of_no_group", f"{key.name} is not a column that its groups are made by")
    known = keys.source.uniqueness.known(block, _decided(keys, written))
    appended: list[Key] = []
    for sort in block.group_by:
        if sort.column is not None and (sort.column.alias, sort.column.column) in known:
            continue
        made = keys.of_column(sort.column, sort) if sort.column is not None else keys.of_expression(sort)
        if isinstance(made, Refusal):
            return made
        if made.sql not in [key.sql for key in written]:
            appended.append(made)
    return in_last_direction(written, appended)


def distinct_ties(keys: Keys, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
    """The result columns that the keys leave open: all of them together tell the rows apart."""
    known = keys.source.uniqueness.known(keys.block, _decided(keys, written))
    appended: list[Key] = []
    if not keys.outputs:
        return Refusal("star", "which columns its * returns cannot be told")
    for _, column, expression in keys.outputs:
        if column is not None:
            if (column.alias, column.column) in known:
                continue
            made = keys.of_column(column)
        elif any(same_text(key.sql, expression) for key in written):
            continue
        else:
            made = keys.of_expression(SortKey(expression=expression))
        if isinstance(made, Refusal):
            return made
        if made.sql not in [key.sql for key in (*written, *appended)]:
            appended.append(made)
    return in_last_direction(written, appended)


def _decided(keys: Keys, written: tuple[Key, ...]) -> set[tuple[str, str]]:
    """Columns that equal keys make equal. A collation of one's own may call different texts equal."""
    decided = set()
    for key in written:
        plain = key.index is not None and key.index.column is not None and key.relation_alias is not None
        if not plain or key.index is None or key.relation_alias is None:
            continue
        collation = key.index.collation
        if collation is None or collation.startswith("pg_catalog.") or "." not in collation:
            decided.add((key.relation_alias, key.index.column or ""))
    for sort in keys.block.order_by:
        if sort.column is not None and sort.column.derived and sort.collation is None:
            named = keys.name_in_from(sort, sort.column)
            names = plain_name(named or "")
            if names is not None and len(names) == 2:
                decided.add((names[0], names[1]))
    return decided


def _column(keys: Keys, table: Table, column: str) -> Key | Refusal:
    if table.relation is not None:
        return keys.of_column(ColumnRef(table.alias, table.relation, column))
    return keys.computed(table, column)


def _why_no_key(keys: Keys, table: Table) -> str:
    if table.relation is None:
        return f"nothing tells the rows of {table.alias or 'a subquery'} apart: there is no key to break ties with"
    relation = keys.source.catalog.relation(table.relation)
    if relation is not None and relation.kind is RelationKind.VIEW:
        return f"{relation.name} is a view: it has no key to break ties with"
    if keys.source.uniqueness.has_children(table.relation):
        return f"{table.relation.name} has child tables: no unique index covers them together"
    return f"{table.relation.name} has no primary key and no other unique key to break ties with"


def in_last_direction(written: tuple[Key, ...], appended: list[Key]) -> tuple[Key, ...]:
    """Ties are broken in the direction of the last key, so that one index serves both."""
    descending = written[-1].descending if written else False
    return tuple(
        msgspec.structs.replace(key, written=False, descending=descending, nulls_first=descending) for key in appended
    )

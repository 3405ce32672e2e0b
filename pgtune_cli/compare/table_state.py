"""The tables of a run as a baseline keeps them: what can explain that a statement changed."""

from collections.abc import Iterable

from pgtune_cli.compare.code import definitions
from pgtune_cli.compare.measure import significant
from pgtune_cli.model.catalog import Catalog, Column
from pgtune_cli.model.comparison import TableState
from pgtune_cli.sql.fingerprint import normalise


def table_states(catalog: Catalog, names: Iterable[str], values: bool) -> dict[str, TableState]:
    """By `schema.name`, sorted. Conditions of indexes lose their constants.

    `values`: whether definitions are as they were written; without their constants digests compare with nothing.
    """
    wanted = set(names)
    found = {}
    for relation in catalog.relations:
        name = str(relation.relation_name)
        if name not in wanted:
            continue
        rows, pages = relation.reltuples, relation.pages
        found[name] = TableState(
            rows=None if rows is None else significant(rows, 2),
            pages=None if not pages else significant(float(pages), 2),
            columns={column.name: _type(column) for column in relation.columns},
            indexes={
                str(index.index_name): normalise(index.definition)
                for index in catalog.indexes_of(relation.relation_name)
                if index.valid
            },
            statistics={
                f"{one.schema}.{one.name}": normalise(one.definition) or ", ".join(one.columns)
                for one in catalog.extended_statistics
                if one.table == relation.relation_name
            },
            code=definitions(relation, catalog) if values else None,
        )
    return dict(sorted(found.items()))


def _type(column: Column) -> str:
    return f"{column.type} COLLATE {column.collation}" if column.collation else column.type

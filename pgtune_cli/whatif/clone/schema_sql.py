"""The schema as SQL, as the clone would run it: what a snapshot shows to people."""

from collections.abc import Iterator

from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.sql.printable import printable
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.whatif.clone.ground import schema_names
from pgtune_cli.whatif.clone.item import Item
from pgtune_cli.whatif.clone.rule_ddl import rule_items
from pgtune_cli.whatif.clone.table_ddl import foreign_key_items, index_items, statistics_items, table_items
from pgtune_cli.whatif.clone.type_ddl import function_items, type_items

HEADER = """\
-- The schema of the snapshot, for people to read. pgtune reads catalog.json.
-- Functions are those that the workload or the tables may call.
"""


def schema_sql(snapshot: Snapshot) -> str:
    """One statement after the other, in the order of a dump."""
    return HEADER + "".join(f"\n{printable(sql).rstrip().removesuffix(';')};\n" for sql in _statements(snapshot))


def _statements(snapshot: Snapshot) -> Iterator[str]:
    catalog = snapshot.catalog
    for schema in sorted(schema_names(catalog)):
        yield f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(schema)}"
    for extension in catalog.extensions:
        name, schema = quote_identifier(extension.name), quote_identifier(extension.schema)
        yield f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA {schema}"
    for item in sorted(_items(snapshot), key=lambda item: item.stage):
        yield item.sql


def _items(snapshot: Snapshot) -> Iterator[Item]:
    catalog = snapshot.catalog
    yield from type_items(one for one in catalog.types if one.extension is None)
    yield from function_items(snapshot, catalog)[0]
    yield from table_items(catalog)
    yield from index_items(catalog)
    yield from foreign_key_items(catalog)
    yield from statistics_items(catalog)
    yield from rule_items(catalog)

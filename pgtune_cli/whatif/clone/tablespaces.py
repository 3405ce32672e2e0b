"""Tablespaces with costs of their own, inside the data folder, and what lies in them."""

from collections.abc import Iterable, Iterator

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, Index, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import Skipped, Tablespace
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.whatif.clone.ground import OWNER
from pgtune_cli.whatif.clone.item import Item, Stage
from pgtune_cli.whatif.reason import reason_of

COSTS = {"seq_page_cost", "random_page_cost", "effective_io_concurrency", "maintenance_io_concurrency"}
STORED = (RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW)


async def create_tablespaces(admin: Connection, found: Iterable[Tablespace]) -> tuple[frozenset[str], list[Skipped]]:
    """Those with costs of their own, inside the data folder; the database's own one is pg_default here."""
    created, lost = set(), []
    for one in found:
        name = "pg_default" if one.of_database else tablespace_name(one.name)
        pairs = [option.partition("=") for option in one.options]
        costs = ", ".join(f"{key} = {quote_literal(value)}" for key, _, value in pairs if key in COSTS)
        if not costs:
            continue
        try:
            if not one.of_database:
                await admin.execute("SET allow_in_place_tablespaces = on")
                await admin.execute(f"CREATE TABLESPACE {quote_identifier(name)} LOCATION ''")
                await admin.execute(f"GRANT CREATE ON TABLESPACE {quote_identifier(name)} TO {OWNER}")
                created.add(one.name)
            await admin.execute(f"ALTER TABLESPACE {quote_identifier(name)} SET ({costs})")
        except PostgresError as error:
            lost.append(Skipped(f"costs of tablespace {one.name}", reason_of(error)))
    return frozenset(created), lost


def tablespace_name(of_source: str) -> str:
    """One that is not reserved."""
    return f"pgtune_{of_source}"[:63]


def tablespace_items(catalog: Catalog, names: frozenset[str]) -> Iterator[Item]:
    """`names` are those of the source that the clone has."""
    tables = (relation for relation in catalog.relations if relation.kind in STORED)
    yield from _items("TABLE", tables, names)
    yield from _items("INDEX", catalog.indexes, names)


def _items(kind: str, things: Iterable[Relation | Index], names: frozenset[str]) -> Iterator[Item]:
    for thing in things:
        if thing.tablespace is not None and thing.tablespace in names:
            name = RelationName(thing.schema, thing.name)
            space = quote_identifier(tablespace_name(thing.tablespace))
            sql = f"ALTER {kind} {qualified(name)} SET TABLESPACE {space}"
            yield Item(stage=Stage.TABLESPACE, what=f"tablespace of {name}", sql=sql)

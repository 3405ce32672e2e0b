"""Statements over a small catalog, read as shapes."""

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Relation, RelationKind, RelationName
from pgtune_cli.sql.shape import (
    Block,
    JoinPair,
    Predicate,
    Shape,
    shape,
)


def relation(name: str, columns: str, schema: str = "public", kind: RelationKind = RelationKind.TABLE) -> Relation:
    found = tuple(
        Column(attnum=number, name=column, type="text", not_null=False)
        for number, column in enumerate(columns.split(","), start=1)
    )
    return Relation(oid=1, schema=schema, name=name, kind=kind, columns=found)


CATALOG = Catalog(
    relations=(
        relation("customers", "id,email,name,created_at,tags"),
        relation("orders", "id,customer_id,status,total,created_at,payload"),
        relation("items", "id,order_id,sku,qty"),
        relation("Odd Name", "Id,Some Col"),
        relation("orders", "id,old_status", schema="archive"),
        relation("open_orders", "id,status", kind=RelationKind.VIEW),
    )
)


ORDERS = RelationName("public", "orders")


CUSTOMERS = RelationName("public", "customers")


ITEMS = RelationName("public", "items")


def read(text: str, search_path: tuple[str, ...] = ("public",)) -> Shape:
    found = shape(text, CATALOG, search_path)
    assert found is not None
    return found


def only(text: str) -> Predicate:
    """The one predicate of the outermost block."""
    (predicate,) = read(text).blocks[0].predicates
    return predicate


def block(text: str) -> Block:
    return read(text).blocks[0]


def pairs(found: Block) -> tuple[JoinPair, ...]:
    """The joins without the places where they stand."""
    return tuple(msgspec.structs.replace(pair, join=None, span=None) for pair in found.joins)

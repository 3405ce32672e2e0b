"""A catalog that no database can have is refused before anything walks it."""

import msgspec
import pytest

from pgtune_cli.collect.plausible import MAX_COLUMNS, MAX_LEVELS, implausible
from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName


def name(text: str) -> RelationName:
    return RelationName("public", text)


def table(text: str, partition_of: str | None = None, inherits: tuple[str, ...] = ()) -> Relation:
    return Relation(
        oid=1, schema="public", name=text, kind=RelationKind.PARTITIONED,
        partition_of=name(partition_of) if partition_of else None, inherits=tuple(map(name, inherits)),
    )  # fmt: skip


def index(text: str, partition_of: str) -> Index:
    return Index(
        oid=1, schema="public", name=text, table=name("t"), method="btree", definition="",
        keys=(IndexKey(column="id"),), partition_of=name(partition_of),
    )  # fmt: skip


CHAIN = tuple(table(f"t{n}", f"t{n - 1}") for n in range(1, MAX_LEVELS + 10))


@pytest.mark.parametrize(
    ("catalog", "said"),
    [
        (Catalog(relations=(table("a"), table("b", "a"), table("c", "b"), table("d", inherits=("a", "b")))), None),
        (Catalog(relations=(table("a", "gone"),)), None),
        (Catalog(relations=CHAIN[:50]), None),
        (Catalog(relations=CHAIN), "partitioning that goes round in a circle, or too deep"),
        (Catalog(relations=(table("a", "a"),)), "partitioning that goes round in a circle, or too deep"),
        (
            Catalog(relations=(table("a", "b"), table("b", "a"))),
            "partitioning that goes round in a circle, or too deep",
        ),
        (
            Catalog(relations=(table("a", inherits=("b",)), table("b", inherits=("c", "a")), table("c"))),
            "inheritance that goes round in a circle, or too deep",
        ),
        (Catalog(indexes=(index("a", "b"), index("b", "a"))), "partitioning of indexes that goes round in a circle"),
    ],
)
def test_trees_end(catalog: Catalog, said: str | None) -> None:
    found = implausible(catalog)
    assert (found or "").startswith(said or "")
    assert (found is None) is (said is None)


def test_an_index_is_of_something() -> None:
    empty = msgspec.structs.replace(index("a", "b"), keys=())
    assert implausible(Catalog(indexes=(index("b", "c"), empty))) == "an index has no columns"


def test_a_table_has_as_many_columns_as_postgresql_allows() -> None:
    columns = tuple(Column(attnum=1, name=f"c{n}", type="integer", not_null=False) for n in range(MAX_COLUMNS + 1))
    wide = Relation(oid=1, schema="public", name="wide", kind=RelationKind.TABLE, columns=columns)
    assert implausible(Catalog(relations=(wide,))) == "a table has 1665 columns"

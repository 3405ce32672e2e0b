"""The parts of the clone that need no server: DDL, files, settings, scope."""

import os
from pathlib import Path

import msgspec
import pytest

from pgtune_cli.model.catalog import (
    Catalog,
    Column,
    Constraint,
    Policy,
    Relation,
    RelationKind,
    RelationName,
    Sequence,
    UserType,
)
from pgtune_cli.whatif.clone.btree import MAGIC, can_deduplicate, write_tree
from pgtune_cli.whatif.clone.files import BLOCK, MAX_BLOCKS, SEGMENT_BLOCKS, Room, emptied, extend
from pgtune_cli.whatif.clone.planner_settings import split_list
from pgtune_cli.whatif.clone.scope import in_scope
from pgtune_cli.whatif.clone.table_ddl import (
    collation_name,
    create_table_sql,
    foreign_key_items,
    sequences_of,
    table_items,
)
from pgtune_cli.whatif.clone.type_ddl import type_items
from pgtune_cli.whatif.mentions import Words

COLUMN = Column(attnum=1, name="id", type="integer", not_null=True)


def table(name: str, *columns: Column, kind: RelationKind = RelationKind.TABLE, **more: object) -> Relation:
    return Relation(oid=1, schema="public", name=name, kind=kind, columns=columns, **more)  # type: ignore[arg-type]


def foreign_key(name: str, of: str, to: str) -> Constraint:
    return Constraint(
        name=name,
        table=RelationName("public", of),
        type="f",
        definition=f"FOREIGN KEY (a) REFERENCES public.{to}(id)",
        columns=("a",),
        references=RelationName("public", to),
    )


def test_a_table_is_written_with_what_plans_depend_on() -> None:
    relation = table(
        "Odd",
        COLUMN,
        Column(attnum=2, name="sel ect", type="text", not_null=False, collation="pg_catalog.de_DE.utf8"),
        Column(attnum=3, name="twice", type="integer", not_null=False, generated="s", default="(id * 2)"),
        options=("fillfactor=70", "autovacuum_enabled=false", "parallel_workers=4"),
    )
    assert create_table_sql(relation) == (
        'CREATE TABLE public."Odd" (id integer NOT NULL, "sel ect" text COLLATE pg_catalog."de_DE.utf8", '
        "twice integer GENERATED ALWAYS AS ((id * 2)) STORED) WITH (fillfactor = '70', parallel_workers = '4')"
    )


def test_a_table_is_written_without_what_it_cannot_have() -> None:
    relation = table(
        "t", COLUMN, Column(attnum=2, name="g", type="geometry", not_null=False, generated="s", default="f(id)")
    )
    assert create_table_sql(relation, frozenset({"g"})) == "CREATE TABLE public.t (id integer NOT NULL, g text)"
    assert create_table_sql(relation, frozenset()) == "CREATE TABLE public.t (id integer NOT NULL, g geometry)"


def test_partitions_are_created_alone_and_attached() -> None:
    parent = table("p", COLUMN, kind=RelationKind.PARTITIONED, partition_key="RANGE (id)")
    child = table("c", COLUMN, partition_of=RelationName("public", "p"), partition_bound="FOR VALUES FROM (1) TO (2)")
    assert [item.sql for item in table_items(Catalog(relations=(parent, child)))] == [
        "CREATE TABLE public.p (id integer NOT NULL) PARTITION BY RANGE (id)",
        "CREATE TABLE public.c (id integer NOT NULL)",
        "ALTER TABLE ONLY public.p ATTACH PARTITION public.c FOR VALUES FROM (1) TO (2)",
    ]


def test_partitions_get_the_foreign_keys_of_their_parents_with_them() -> None:
    catalog = Catalog(
        relations=(
            table("p", COLUMN, kind=RelationKind.PARTITIONED),
            table("c", COLUMN, partition_of=RelationName("public", "p")),
            table("q", COLUMN, kind=RelationKind.PARTITIONED),
            table("d", COLUMN, partition_of=RelationName("public", "q")),
        ),
        constraints=(
            foreign_key("a", "p", "q"),
            foreign_key("b", "c", "q"),
            foreign_key("e", "p", "d"),
            foreign_key("f", "c", "t"),
        ),
    )
    assert [item.what for item in foreign_key_items(catalog)] == [
        "foreign key a of public.p",
        "foreign key f of public.c",
    ]


def test_types_are_written_with_their_labels_quoted() -> None:
    items = type_items(
        (
            UserType(schema="public", name="mood", kind="e", labels=("ok", "it's")),
            UserType(schema="public", name="pair", kind="c", attributes=(("a", "integer"), ("b c", "text"))),
            UserType(schema="public", name="span", kind="r", base_type="numeric"),
            UserType(
                schema="public",
                name="pos",
                kind="d",
                base_type="integer",
                not_null=True,
                checks=("CHECK ((VALUE > 0))",),
            ),
            UserType(schema="public", name="stub", kind="b"),
        )
    )
    assert [item.sql for item in items] == [
        "CREATE TYPE public.mood AS ENUM ('ok', 'it''s')",
        'CREATE TYPE public.pair AS (a integer, "b c" text)',
        "CREATE TYPE public.span AS RANGE (SUBTYPE = numeric)",
        "CREATE DOMAIN public.pos AS integer NOT NULL CHECK ((VALUE > 0))",
    ]


def test_sequences_are_found_in_defaults_and_texts() -> None:
    default = """nextval('public."It''s"'::regclass)"""
    relation = table(
        "t",
        Column(attnum=1, name="id", type="integer", not_null=True, default=default),
        Column(attnum=2, name="n", type="integer", not_null=True, identity="a"),
    )
    sequences = (
        Sequence(schema="public", name="of_identity", table=relation.relation_name, column="n"),
        Sequence(schema="public", name="alone"),
        Sequence(schema="public", name="unused"),
    )
    words = Words(["SELECT nextval('alone'), currval('of_identity')"])
    found = sequences_of(Catalog(relations=(relation,), sequences=sequences), words)
    assert found == {'public."It\'s"', "public.alone"}


def test_the_name_of_a_collation_may_hold_dots() -> None:
    assert collation_name("pg_catalog.en_US.utf8") == RelationName("pg_catalog", "en_US.utf8")
    assert collation_name("C") == RelationName("pg_catalog", "C")


def test_a_scope_has_families_referenced_tables_and_what_views_read() -> None:
    catalog = Catalog(
        relations=(
            table("orders", COLUMN),
            table("customers", COLUMN),
            table("regions", COLUMN),
            table("other", COLUMN),
            table("p", COLUMN, kind=RelationKind.PARTITIONED),
            table("c", COLUMN, partition_of=RelationName("public", "p")),
            table("v", COLUMN, kind=RelationKind.VIEW, view_definition="SELECT id FROM public.orders"),
        ),
        constraints=(
            foreign_key("a", "orders", "customers"),
            foreign_key("b", "other", "orders"),
            foreign_key("c", "c", "regions"),
        ),
    )

    member = "(id IN ( SELECT m.id FROM public.member m))"
    policies = (
        Policy(name="own", table=RelationName("public", "other"), command="*", using=member),
        Policy(name="all", table=RelationName("public", "orders"), command="r", check="true"),
    )
    catalog = msgspec.structs.replace(
        catalog, relations=(*catalog.relations, table("member", COLUMN)), policies=policies
    )

    def names(*wanted: str) -> list[str]:
        scope = in_scope(catalog, frozenset(RelationName("public", name) for name in wanted))
        return [relation.name for relation in scope.relations]

    assert names("v") == ["orders", "customers", "v"]
    assert names("p") == ["regions", "p", "c"]
    assert names("gone") == []
    # a policy is planned with its table, and with what it asks; those of other tables stay away
    assert "member" in names("other")
    assert in_scope(catalog, frozenset({RelationName("public", "orders")})).policies == policies[1:]
    assert in_scope(catalog, frozenset({RelationName("public", "p")})).policies == ()
    assert in_scope(catalog, None) is catalog


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"$user", public', ["$user", "public"]),
        ('Sales,"Odd, ""name"""', ["sales", 'Odd, "name"']),
        ("", []),
    ],
)
def test_a_search_path_is_split_as_the_server_does(text: str, names: list[str]) -> None:
    assert split_list(text) == names


def test_a_file_looks_large_and_takes_no_room(tmp_path: Path) -> None:
    path = tmp_path / "16384"
    path.write_bytes(b"x" * BLOCK)
    extend(path, 2 * SEGMENT_BLOCKS + 3)
    files = sorted(tmp_path.iterdir())
    assert [(file.name, file.stat().st_size // BLOCK) for file in files] == [
        ("16384", SEGMENT_BLOCKS),
        ("16384.1", SEGMENT_BLOCKS),
        ("16384.2", 3),
    ]
    assert sum(file.stat().st_blocks * 512 for file in files) < 100_000
    assert {file.stat().st_mode & 0o777 for file in files[1:]} == {0o600}
    extend(path, 1)
    assert path.stat().st_size == SEGMENT_BLOCKS * BLOCK


def test_a_segment_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "16384"
    victim.write_bytes(b"")
    path.write_bytes(b"")
    (tmp_path / "16384.1").symlink_to(victim)
    with pytest.raises(OSError, match="16384"):
        extend(path, SEGMENT_BLOCKS + 1)
    assert victim.stat().st_size == 0


def test_an_emptied_file_is_as_long_as_before_even_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "16384"
    path.write_bytes(b"")
    os.truncate(path, 5 * BLOCK)

    def fail() -> None:
        with emptied(path):
            assert path.stat().st_size == 0
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert path.stat().st_size == 5 * BLOCK


def test_a_tree_is_written_into_a_btree_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "16384"
    meta = bytearray(BLOCK)
    meta[24:28] = MAGIC.to_bytes(4, "little")
    meta[64] = 1
    path.write_bytes(meta)
    write_tree(path, 2)
    data = path.read_bytes()
    assert len(data) == 3 * BLOCK
    assert [int.from_bytes(data[at : at + 4], "little") for at in (32, 36, 40, 44)] == [1, 2, 1, 2]
    levels = [int.from_bytes(data[end - 8 : end - 4], "little") for end in range(2 * BLOCK, 4 * BLOCK, BLOCK)]
    assert levels == [2, 0]
    assert can_deduplicate(path)
    path.write_bytes(bytes(BLOCK))
    with pytest.raises(ValueError, match="no btree metapage"):
        write_tree(path, 2)


def test_a_clone_has_room_for_128_tib() -> None:
    room = Room()
    for _ in range(4):
        room.take(MAX_BLOCKS + 5)
    with pytest.raises(ValueError, match="larger than 128 TiB"):
        room.take(1)

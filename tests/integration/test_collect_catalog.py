"""The catalog, the statistics and the usage of an odd schema, on every major."""

import time
from pathlib import Path

import pytest
from support.collecting import read
from support.database import Database

from pgtune_cli.collect.snapshot_file import load, save
from pgtune_cli.model.catalog import (
    Column,
    ExtendedStatistics,
    Index,
    IndexKey,
    Relation,
    RelationKind,
    RelationName,
    UserType,
)
from pgtune_cli.model.snapshot import Snapshot

pytestmark = [pytest.mark.pg, pytest.mark.majors("all")]

SCHEMA = 'Odd "Schema" 🐘'
TABLE = RelationName(SCHEMA, "Ta ble")
QUOTED = '"Odd ""Schema"" 🐘"."Ta ble"'
SQL = Path(__file__).parent.parent / "support" / "odd_schema.sql"


@pytest.fixture(scope="module")
def snapshot(pg_module: Database) -> Snapshot:
    pg_module.execute(SQL.read_text(encoding="utf-8"))
    for _ in range(100):  # before 15 counters travel by a collector process
        if pg_module.fetch("SELECT FROM pg_stat_user_tables WHERE relname = 'Ta ble' AND last_analyze IS NOT NULL"):
            break
        time.sleep(0.1)
    return read(pg_module.dsn)


def relation(snapshot: Snapshot, name: RelationName) -> Relation:
    found = snapshot.catalog.relation(name)
    assert found is not None
    return found


def index(snapshot: Snapshot, name: str) -> Index:
    return next(each for each in snapshot.catalog.indexes if each.name == name)


def test_nothing_is_skipped_for_a_superuser(snapshot: Snapshot) -> None:
    assert snapshot.skipped == ()


def test_the_server_is_described(snapshot: Snapshot, pg_module: Database) -> None:
    server = snapshot.server
    assert (server.version_num, server.database, server.user, server.superuser, server.owner, server.in_recovery) == (
        pg_module.version_num, pg_module.database, "postgres", True, True, False,
    )  # fmt: skip
    assert (server.encoding, server.block_size, server.pg_stat_statements_schema) == ("UTF8", 8192, "public")


def test_settings_are_those_of_the_session_before_pgtune_changed_any(snapshot: Snapshot) -> None:
    settings = snapshot.server.settings
    wanted = {
        "search_path": '"$user", public',
        "default_transaction_read_only": "off",
        "statement_timeout": "0",
        "work_mem": "4096",
        "random_page_cost": "4",
        "shared_preload_libraries": "pg_stat_statements",
        "track_activity_query_size": "1024",
    }
    assert {name: settings[name] for name in wanted} == wanted
    assert {"jit", "hash_mem_multiplier", "effective_cache_size", "TimeZone", "DateStyle", "default_statistics_target",
            "pg_stat_statements.max", "pg_stat_statements.track", "shared_buffers"} <= set(settings)  # fmt: skip


def test_all_relations_are_read_and_none_of_an_extension(snapshot: Snapshot) -> None:
    assert {str(each.relation_name): each.kind for each in snapshot.catalog.relations} == {
        f"{SCHEMA}.Ta ble": RelationKind.TABLE,
        "public.base": RelationKind.TABLE,
        "public.child": RelationKind.TABLE,
        "public.mv": RelationKind.MATERIALIZED_VIEW,
        "public.part": RelationKind.PARTITIONED,
        "public.part_eu": RelationKind.TABLE,
        "public.part_rest": RelationKind.TABLE,
        "public.refers": RelationKind.TABLE,
        "public.unlogged": RelationKind.TABLE,
        "public.v": RelationKind.VIEW,
    }


def test_columns_keep_their_types_defaults_and_collations(snapshot: Snapshot) -> None:
    assert relation(snapshot, TABLE).columns == (
        Column(attnum=1, name="I d", type="bigint", not_null=True, identity="a"),
        Column(
            attnum=2,
            name="Na'me",
            type="character varying(40)",
            not_null=True,
            default="'x''y'::character varying",
            collation="pg_catalog.C",
            storage="x",
        ),
        Column(attnum=4, name="m", type="public.mood", not_null=False, statistics_target=500),
        Column(
            attnum=5,
            name="low",
            type="text",
            not_null=False,
            default='lower(("Na\'me")::text)',
            generated="s",
            storage="x",
        ),
        Column(attnum=6, name="tags", type="text[]", not_null=False, storage="x"),
        Column(attnum=7, name="amount", type="numeric(10,2)", not_null=False, storage="m"),
    )


def test_sizes_and_row_counts_are_read(snapshot: Snapshot) -> None:
    table = relation(snapshot, TABLE)
    assert (table.pages, table.relpages, table.reltuples) == (table.relpages, table.pages, 1000.0)
    assert table.pages is not None
    assert table.pages > 5
    assert relation(snapshot, RelationName("public", "unlogged")).reltuples is None
    assert relation(snapshot, RelationName("public", "v")).pages is None


def test_partitions_and_children_know_their_parents(snapshot: Snapshot) -> None:
    part = RelationName("public", "part")
    eu = relation(snapshot, RelationName("public", "part_eu"))
    rest = relation(snapshot, RelationName("public", "part_rest"))
    child = relation(snapshot, RelationName("public", "child"))
    assert relation(snapshot, part).partition_key == "LIST (region)"
    assert (eu.partition_of, eu.partition_bound, eu.inherits) == (part, "FOR VALUES IN ('eu', 'uk')", ())
    assert (rest.partition_of, rest.partition_bound) == (part, "DEFAULT")
    assert (child.partition_of, child.inherits) == (None, (RelationName("public", "base"),))


def test_options_persistence_and_row_security_are_read(snapshot: Snapshot) -> None:
    refers = relation(snapshot, RelationName("public", "refers"))
    assert (refers.options, refers.row_security, refers.persistence) == (("fillfactor=50",), True, "p")
    assert relation(snapshot, RelationName("public", "unlogged")).persistence == "u"


def test_views_are_schema_qualified(snapshot: Snapshot) -> None:
    definition = relation(snapshot, RelationName("public", "v")).view_definition
    assert definition is not None
    assert "FROM (public.part p" in definition


def test_an_index_is_read_key_by_key(snapshot: Snapshot) -> None:
    found = index(snapshot, "Idx Desc")
    assert found.keys == (
        IndexKey(column="Na'me", descending=True, nulls_first=True),
        IndexKey(column="I d", nulls_first=True),
    )
    assert (found.table, found.include, found.predicate, found.method) == (TABLE, ("m",), "(m IS NOT NULL)", "btree")
    assert found.definition == (
        f'CREATE INDEX "Idx Desc" ON {QUOTED} USING btree ("Na\'me" DESC, "I d" NULLS FIRST)'
        " INCLUDE (m) WHERE (m IS NOT NULL)"
    )
    assert found.pages == found.relpages > 1


def test_expressions_operator_classes_and_collations_are_named_where_they_are_not_the_default(
    snapshot: Snapshot,
) -> None:
    lower, plus = index(snapshot, "Idx 🐘").keys
    assert (lower.column, lower.expression, lower.opclass) == (None, 'lower(("Na\'me")::text)', "text_pattern_ops")
    assert plus == IndexKey(expression='(("I d" + 1))', descending=True)
    assert index(snapshot, "other_collation").keys == (IndexKey(column="Na'me", collation="pg_catalog.POSIX"),)
    assert index(snapshot, "tags_gin").keys == (IndexKey(column="tags"),)


def test_an_index_knows_its_constraint_and_its_parent(snapshot: Snapshot) -> None:
    eu = index(snapshot, "part_eu_pkey")
    assert (eu.primary, eu.unique, eu.constraint, eu.partition_of) == (
        True, True, "part_eu_pkey", RelationName("public", "part_pkey"),
    )  # fmt: skip
    deferrable = index(snapshot, "refers_code_key")
    assert (deferrable.unique, deferrable.immediate, deferrable.constraint) == (True, False, "refers_code_key")


def test_constraints_are_read_once_each(snapshot: Snapshot) -> None:
    found = {
        each.name: (each.type, each.definition, each.validated)
        for each in snapshot.catalog.constraints_of(RelationName("public", "refers"))
        if each.type != "n"  # 18 keeps NOT NULL as a constraint
    }
    assert found == {
        "checked": ("c", "CHECK ((part_id > 0)) NOT VALID", False),
        "refers_code_key": ("u", "UNIQUE (code) DEFERRABLE", True),
        "refers_pkey": ("p", "PRIMARY KEY (id)", True),
        "to_part": ("f", "FOREIGN KEY (part_id, region) REFERENCES public.part(id, region) ON DELETE CASCADE", True),
    }


def test_a_foreign_key_names_both_sides(snapshot: Snapshot) -> None:
    found = next(each for each in snapshot.catalog.constraints if each.name == "to_part")
    assert (found.columns, found.references, found.referenced_columns, found.on_delete, found.on_update) == (
        ("part_id", "region"), RelationName("public", "part"), ("id", "region"), "c", "a",
    )  # fmt: skip


def test_user_types_are_read(snapshot: Snapshot) -> None:
    assert [each for each in snapshot.catalog.types if each.extension is None] == [
        UserType(schema="public", name="mood", kind="e", labels=("sad", 'it\'s "fine"', "a,b")),
        UserType(schema="public", name="pair", kind="c", attributes=(("a", "integer"), ("b", "character varying(10)"))),
        UserType(
            schema="public",
            name="positive",
            kind="d",
            base_type="integer",
            not_null=True,
            checks=("CHECK ((VALUE > 0))",),
        ),
        UserType(
            schema="public",
            name="span",
            kind="r",
            base_type="double precision",
            multirange="span_multirange" if snapshot.server.version_num >= 140000 else None,
        ),
    ]


def test_functions_are_read_and_those_that_come_with_a_type_are_not(snapshot: Snapshot) -> None:
    own = {each.name: each for each in snapshot.catalog.functions if each.extension is None}
    assert set(own) == {"plus_one", "my_sum"}
    assert (own["plus_one"].volatility, own["plus_one"].strict, own["plus_one"].arguments) == ("i", True, "x integer")
    assert (own["my_sum"].kind, own["my_sum"].definition) == ("a", None)
    definition = own["plus_one"].definition
    assert definition is not None
    assert definition.startswith("CREATE OR REPLACE FUNCTION public.plus_one(x integer)")


def test_extended_statistics_are_read(snapshot: Snapshot) -> None:
    assert snapshot.catalog.extended_statistics == (
        ExtendedStatistics(
            schema="public",
            name="st",
            table=RelationName("public", "base"),
            kinds=("d", "m"),
            columns=("a", "b"),
            definition="CREATE STATISTICS public.st (ndistinct, mcv) ON a, b FROM public.base",
        ),
    )


def test_planner_statistics_are_read_as_text_and_exact_numbers(snapshot: Snapshot) -> None:
    by_column = {(each.table, each.column, each.inherited): each for each in snapshot.statistics}
    name = by_column["Ta ble", "Na'me", False]
    assert (name.schema, name.n_distinct, name.null_frac, name.most_common_freqs) == (SCHEMA, 5.0, 0.0, (0.2,) * 5)
    assert name.most_common_vals is not None
    assert set(name.most_common_vals.strip("{}").split(",")) == {"n0", "n1", "n2", "n3", "n4"}
    assert by_column["Ta ble", "I d", False].n_distinct == -1.0
    assert by_column["Ta ble", "tags", False].most_common_elems == '{a,"b\\"c"}'
    assert by_column["Ta ble", "amount", False].null_frac == 1.0


def test_statistics_of_index_expressions_and_of_whole_trees_are_read(snapshot: Snapshot) -> None:
    tables = {(each.table, each.inherited) for each in snapshot.statistics}
    assert {("Idx 🐘", False), ("part", True), ("base", True), ("child", False)} <= tables


def test_range_statistics_are_shown_from_17_on_and_to_a_superuser_before(
    snapshot: Snapshot, pg_module: Database
) -> None:
    span = next(each for each in snapshot.statistics if (each.table, each.column) == ("child", "s"))
    assert span.range_length_histogram is not None
    reader = read(pg_module.create_role("ranges", "SELECT ON ALL TABLES IN SCHEMA public"))
    span = next(each for each in reader.statistics if (each.table, each.column) == ("child", "s"))
    assert (span.range_length_histogram is not None) == (snapshot.server.version_num >= 170000)


def test_usage_is_read_for_tables_and_indexes(snapshot: Snapshot) -> None:
    table = next(each for each in snapshot.usage.tables if each.table == TABLE)
    assert table.last_analyze is not None
    assert table.last_analyze.endswith("Z")
    names = {each.index.name for each in snapshot.usage.indexes}
    assert {each.name for each in snapshot.catalog.indexes if each.table.name != "part"} == names


def test_the_snapshot_goes_through_a_file_unchanged(snapshot: Snapshot, tmp_path: Path) -> None:
    save(snapshot, tmp_path / "x")
    assert load(tmp_path / "x") == snapshot


def test_only_the_schemas_and_relations_that_are_wanted_are_read(pg_module: Database, snapshot: Snapshot) -> None:
    names = [str(each.relation_name) for each in snapshot.catalog.relations]
    public = read(pg_module.dsn, schemas=("public",), exclude=("part*", "public.v"))
    assert [str(each.relation_name) for each in public.catalog.relations] == [
        name for name in names if name.startswith("public.") and ".part" not in name and name != "public.v"
    ]
    assert {each.table.schema for each in public.catalog.indexes} == {"public"}
    assert "Ta ble" not in {each.table for each in public.statistics}

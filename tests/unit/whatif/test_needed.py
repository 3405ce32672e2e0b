"""What the clone lacks and nothing in it needs is not told."""

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Extension, Function, Relation, RelationKind, UserType
from pgtune_cli.model.snapshot import Server, Skipped, Snapshot, StatementRow, Workload
from pgtune_cli.whatif.clone.needed import only_missed

WHY = "the clone's server does not have it"
CATALOG = Catalog(
    relations=(
        Relation(
            oid=1,
            schema="public",
            name="places",
            kind=RelationKind.TABLE,
            columns=(Column(attnum=1, name="spot", type="gis.geometry(Point,4326)", not_null=True),),
        ),
    ),
    types=(
        UserType(schema="gis", name="geometry", kind="b", extension="postgis"),
        UserType(schema="gis", name="box3d", kind="b", extension="postgis"),
    ),
    extensions=(
        Extension("pg_stat_statements", "1.12", "public"),
        Extension("postgis", "3.4", "gis"),
        Extension("orafce", "4", "oracle"),
        Extension("pg_trgm", "1.6", "public"),
    ),
    functions=(
        Function(
            schema="oracle", name="add_months", arguments="date, integer", result="date", language="c", kind="f",
            volatility="i", extension="orafce",
        ),
    ),
)  # fmt: skip
LOST = [Skipped(f"extension {one.name}", WHY) for one in CATALOG.extensions] + [
    Skipped("type gis.geometry", "stands as a plain text type"),
    Skipped("type gis.box3d", "stands as a plain text type"),
]


def told(*more: Skipped, query: str = "SELECT 1") -> list[str]:
    row = StatementRow(queryid="1", role="app", query=query, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=160000, version="", database="d", user="u", collate="C"),
        workload=Workload(source="workload", rows=(row,)),
        catalog=CATALOG,
    )
    return [one.what for one in only_missed([*LOST, *more], snapshot, CATALOG)]


def test_only_what_a_column_needs() -> None:
    assert told() == ["extension postgis", "type gis.geometry"]


def test_what_a_statement_calls() -> None:
    called = told(query="SELECT add_months(d, 1) FROM places")
    assert called == [
        "extension postgis",
        "extension orafce",
        "type gis.geometry",
    ]
    assert "extension orafce" not in told(query="SELECT add_months(now(), 1)")
    assert "extension pg_stat_statements" not in told(query="SELECT pg_stat_statements_reset()")


def test_an_index_that_failed_may_have_needed_any_of_them() -> None:
    failed = Skipped("index public.fast", 'operator class "public.gin_trgm_ops" does not exist for access method "gin"')
    assert "extension pg_trgm" in told(failed)
    assert "extension pg_trgm" not in told(msgspec.structs.replace(failed, why="the disk is full"))

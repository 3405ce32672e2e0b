"""--top, --order-by, --schema and --exclude on a snapshot."""

from pgtune_cli.collect.narrow import narrow_relations, narrow_workload
from pgtune_cli.model.catalog import Catalog, Constraint, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import Server, Snapshot, StatementRow, TableUsage, Usage, Workload


def row(query: str, calls: int, total: float) -> StatementRow:
    return StatementRow(
        queryid=query, role="r", query=query, calls=calls, total_exec_time_ms=total, mean_exec_time_ms=total / calls
    )


ROWS = (
    row("SELECT a", 10, 50),
    row("SELECT b WHERE x IN ($1, $2)", 1, 30),
    row("SELECT b WHERE x IN ($1)", 1, 30),
    row("SELECT c", 100, 9),
)


def kept(top: int, order_by: str) -> list[str]:
    workload = narrow_workload(Workload(source="pg_stat_statements", rows=ROWS), top, order_by)
    assert workload.total_exec_time_ms == 119
    return [one.query for one in workload.rows]


def test_the_costliest_stay_and_in_lists_of_any_length_are_one() -> None:
    assert kept(1, "total") == ["SELECT b WHERE x IN ($1, $2)", "SELECT b WHERE x IN ($1)"]
    assert kept(1, "calls") == ["SELECT c"]
    assert kept(2, "calls") == ["SELECT a", "SELECT c"]
    assert len(kept(9, "rows")) == 4


def test_relations_that_are_not_wanted_go_with_all_that_belongs_to_them() -> None:
    names = [RelationName("public", "a"), RelationName("public", "b"), RelationName("other", "a")]
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="18", database="d", user="u"),
        workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(
            relations=tuple(
                Relation(oid=number, schema=name.schema, name=name.name, kind=RelationKind.TABLE)
                for number, name in enumerate(names)
            ),
            constraints=tuple(Constraint(name="c", table=name, type="c", definition="CHECK (true)") for name in names),
        ),
        usage=Usage(tables=tuple(TableUsage(table=name) for name in names)),
    )
    narrowed = narrow_relations(snapshot, ("public",), ("b",))
    assert [one.relation_name for one in narrowed.catalog.relations] == [names[0]]
    assert [one.table for one in narrowed.catalog.constraints] == [names[0]]
    assert [one.table for one in narrowed.usage.tables] == [names[0]]

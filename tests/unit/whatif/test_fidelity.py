"""Why a plan of the clone is not the source's."""

import msgspec
import pytest

from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import ColumnStatistics, Server, Skipped, Snapshot, Workload
from pgtune_cli.whatif.causes import Causes
from pgtune_cli.whatif.fidelity import TIE, compare
from pgtune_cli.whatif.protocol import Cost
from pgtune_cli.whatif.reason import reason


def plan(cost: float, index: str) -> Plan:
    root = PlanNode(
        node_type="Index Scan",
        startup_cost=0,
        total_cost=cost,
        plan_rows=1,
        plan_width=4,
        index_name=index,
        relation="t",
    )
    return Plan(root=root)


@pytest.mark.parametrize(
    ("cost", "index", "same_shape", "reason"),
    [(10.0, "a", True, None), (10.4, "a", True, None), (10.0, "b", False, TIE), (20.0, "a", True, "not known")],
)
def test_a_deviation_has_its_reason(cost: float, index: str, same_shape: bool, reason: str | None) -> None:
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="18", database="d", user="u"),
        workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(),
    )
    source = StatementPlan(
        source="server",
        parameters=PlanParameters("typical", "pg_stats"),
        executed=False,
        total_cost=10.0,
        plan=plan(10.0, "a"),
    )
    found = compare(source, Cost(total_cost=cost, plan=plan(cost, index)), Causes(snapshot, ()), "SELECT 1")
    assert found.same_shape is same_shape
    assert (found.reason or "").startswith(reason or "")
    assert (found.reason is None) is (reason is None)


def test_a_reason_names_no_index_that_only_the_planner_knows() -> None:
    for name in ('"pgtune_candidate_12"', "<13501>btree_t_a"):
        assert reason("XX002", f"index {name} is not a btree\nmore") == "the new index is not a btree"


def relation() -> Relation:
    columns = (
        Column(attnum=1, name="id", type="integer", not_null=True),
        Column(attnum=2, name="shape", type="gis.geometry", not_null=False),
        Column(attnum=3, name="select", type="text", not_null=False, collation="public.german"),
    )
    return Relation(oid=1, schema="public", name="t", kind=RelationKind.TABLE, columns=columns, pages=100)


def index(name: str, *keys: str) -> Index:
    return Index(
        oid=2, schema="public", name=name, table=RelationName("public", "t"), method="btree", definition="",
        keys=tuple(IndexKey(column=key) for key in keys), pages=10,
    )  # fmt: skip


def conditions(text: str, index_name: str = "a") -> Plan:
    return Plan(root=msgspec.structs.replace(plan(10.0, index_name).root, index_cond=text))


@pytest.mark.parametrize(
    ("condition", "used", "lost", "named"),
    [
        ("(id = ?)", "a", "type gis.geometry", False),
        ("(shape = ?)", "a", "type gis.geometry", True),
        ("(id = ?)", "a", "collation public.german", False),
        ('("select" < ?)', "a", "collation public.german", True),
        ("(id = ?)", "gone", "index public.gone", True),
        ("(id = ?)", "a", "index public.gone", False),
        ("(id = ?)", "a", "operator gis.=(gis.geometry, gis.geometry)", False),
        ("(shape OPERATOR(gis.=) ?)", "a", "operator gis.=(gis.geometry, gis.geometry)", True),
        ("(id = ?)", "a", "row security of public.tt", False),
        ("(id = ?)", "a", "statistics of public.t.shape", False),
        ("(id = ?)", "a", "statistics of public.t.id", True),
    ],
)
def test_a_lost_object_is_named_where_the_plans_use_it(condition: str, used: str, lost: str, named: bool) -> None:
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="18", database="d", user="u"),
        workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(relations=(relation(),), indexes=(index("gone", "id"),)),
        statistics=(
            ColumnStatistics(
                schema="public", table="t", column="id", null_frac=0, avg_width=4, n_distinct=-1,
                histogram_bounds="{1,2}",
            ),
        ),
    )  # fmt: skip
    causes = Causes(snapshot, [Skipped(lost, "why")])
    plans = conditions(condition, used), conditions(condition)
    found = causes.of('SELECT shape, "select" FROM t WHERE id = 1', plans)
    assert found.startswith(f"{lost}: ") == named
    if not named and "id" in condition:
        assert found == "the smallest and largest values of public.t.id were not read"

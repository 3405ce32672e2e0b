"""Why a plan of the clone is not the source's."""

import pytest

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan
from pgtune_cli.model.snapshot import Server, Snapshot, Workload
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

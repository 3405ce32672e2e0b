"""Plans of one statement beside each other: only other ways to read and join are another plan."""

from typing import Any

import msgspec

from pgtune_cli.lint.plan_flips import plan_flips
from pgtune_cli.lint.world import World
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.model.snapshot import Server, Snapshot, Workload
from pgtune_cli.model.statement import Statement

QUERY = "select * from jobs where state = $1"
STATEMENT = Statement(fingerprint="f", query=QUERY, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)


def node(kind: str, cost: float, *children: PlanNode, **fields: Any) -> PlanNode:
    return PlanNode(
        node_type=kind, startup_cost=0, total_cost=cost, plan_rows=1, plan_width=1, children=children, **fields
    )


def seq(cost: float) -> PlanNode:
    return node("Seq Scan", cost, relation="jobs", schema="public")


def index(cost: float, kind: str = "Index Scan") -> PlanNode:
    return node(kind, cost, relation="jobs", schema="public", index_name="jobs_state_idx")


def facts(mode: str = "auto", query: str = QUERY, origin: str = "pg_stats", **plans: PlanNode) -> dict[str, Any]:
    made = tuple(
        StatementPlan(
            source="server",
            parameters=PlanParameters(name, origin),
            executed=False,
            total_cost=root.total_cost,
            plan=Plan(root=root),
        )
        for name, root in plans.items()
    )
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="18", database="d", user="u", settings={"plan_cache_mode": mode}),
        workload=Workload(source="pg_stat_statements"),
        catalog=Catalog(),
    )
    found = {"f": StatementPlans(fingerprint="f", plans=made)}
    statement = msgspec.structs.replace(STATEMENT, query=query)
    return plan_flips(World(Analysis(snapshot=snapshot, statements=(statement,), plans=found)), statement)


def test_another_way_to_read_a_table_is_another_plan() -> None:
    found = facts(typical=index(8), common=seq(9000), rare=index(6))
    assert found["value_cost_ratio"] == 1500
    assert (found["dear_values"], found["dear_plan"]) == ("common", "a Seq Scan on jobs")
    assert (found["cheap_values"], found["cheap_plan"]) == ("rare", "an index scan of jobs_state_idx")


def test_workers_and_bitmaps_are_the_same_way_in_another_size() -> None:
    bitmap = node("Bitmap Heap Scan", 9000, node("Bitmap Index Scan", 50, index_name="jobs_state_idx"), relation="jobs")
    workers = node("Gather", 9000, index(8000, "Index Only Scan"))
    assert facts(typical=index(8), common=bitmap)["value_cost_ratio"] == 1
    assert facts(typical=index(8), common=workers)["value_cost_ratio"] == 1


def test_values_that_nobody_asks_for_are_no_flip() -> None:
    assert facts(typical=seq(9000), absent=index(6), null=index(6))["value_cost_ratio"] == 1


def test_the_server_takes_the_generic_plan_when_it_costs_no_more_than_the_average_custom_one() -> None:
    cheap = facts(typical=index(8), common=seq(9000), generic=seq(4000))
    assert cheap["generic_is_used"] is True
    assert (cheap["generic_cost_ratio"], cheap["custom_values"]) == (500, "typical")
    assert (cheap["generic_plan"], cheap["custom_plan"]) == ("a Seq Scan on jobs", "an index scan of jobs_state_idx")
    assert facts(typical=index(8), generic=seq(4000))["generic_is_used"] is False


def test_the_setting_decides_first() -> None:
    assert facts("force_custom_plan", typical=seq(9000), generic=index(8))["generic_is_used"] is False
    assert facts("force_generic_plan", typical=index(8), generic=seq(9000))["generic_is_used"] is True


def test_without_plans_nothing_is_known() -> None:
    assert facts()["value_cost_ratio"] is None
    assert facts(generic=seq(1))["generic_is_used"] is None


def test_guessed_widths_and_depths_are_no_flip_and_values_that_were_seen_are() -> None:
    for query in ("select * from jobs where id > $1", "select * from jobs where state = $1 order by id offset $2"):
        guessed = facts(query=query, typical=index(8), common=seq(9000), generic=seq(4000))
        assert (guessed["value_cost_ratio"], guessed["generic_cost_ratio"]) == (None, None)
        assert facts(query=query, origin="params-file", a=index(8), b=seq(9000))["value_cost_ratio"] == 1125

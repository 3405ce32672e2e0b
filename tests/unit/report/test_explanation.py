"""Two plans beside each other."""

import pytest
from rich.cells import cell_len

from pgtune_cli.model.explanation import WhatIfPlan
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters
from pgtune_cli.report.explanation import side_by_side


def plan(relation: str, cost: float, depth: int = 0) -> Plan:
    node = PlanNode(
        node_type="Seq Scan", startup_cost=0, total_cost=cost, plan_rows=1, plan_width=1, relation=relation,
        filter=f"({relation} = ?)",
    )  # fmt: skip
    for _ in range(depth):
        node = PlanNode(
            node_type="Limit", startup_cost=0, total_cost=cost, plan_rows=1, plan_width=1, children=(node,)
        )  # fmt: skip
    return Plan(root=node)


@pytest.mark.parametrize("width", [60, 80, 161])
@pytest.mark.parametrize("name", ["orders", "Scan-Ereignis 🔎 📦", "注文" * 20])
def test_the_columns_stay_where_they_are(name: str, width: int) -> None:
    both = WhatIfPlan(
        parameters=PlanParameters("literal", "literal"), cost_before=9.0, cost_after=9.0, used=(),
        before=plan(name, 9.0, depth=30), after=plan(name, 8.0),
    )  # fmt: skip
    first, *lines = side_by_side(both, width)
    assert first.endswith("with the constants of its text")
    column = (width - 3) // 2
    for line in lines:
        left, bar, right = line.partition(" |")
        assert bar, line
        assert cell_len(left) == column, line
        assert cell_len(right) <= column + 1, line

"""Nodes are called what EXPLAIN's text form calls them: both forms of the same captured plans say so."""

import pytest

from pgtune_cli.explain.node_name import operation
from pgtune_cli.model.plan import PlanNode


def node(kind: str, **more: object) -> PlanNode:
    return PlanNode(node_type=kind, startup_cost=0, total_cost=1, plan_rows=1, plan_width=1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "called"),
    [
        (node("Seq Scan", extra={"Parallel Aware": True}), "Parallel Seq Scan"),
        (node("Aggregate", strategy="Hashed", extra={"Partial Mode": "Partial"}), "Partial HashAggregate"),
        (node("Aggregate", strategy="Sorted", extra={"Partial Mode": "Finalize"}), "Finalize GroupAggregate"),
        (node("Aggregate", strategy="Plain", extra={"Partial Mode": "Simple"}), "Aggregate"),
        (node("Hash Join", join_type="Inner", extra={"Parallel Aware": True}), "Parallel Hash Join"),
        (node("Hash Join", join_type="Right Anti"), "Hash Right Anti Join"),
        (node("Nested Loop", join_type="Left"), "Nested Loop Left Join"),
        (node("SetOp", strategy="Hashed", extra={"Command": "Except All"}), "HashSetOp Except All"),
        (node("Index Only Scan", scan_direction="Backward"), "Index Only Scan Backward"),
        (node("Index Scan", scan_direction="Forward"), "Index Scan"),
        (node("ModifyTable", extra={"Operation": "Update"}), "Update"),
        (node("Foreign Scan", extra={"Operation": "Select", "Async Capable": True}), "Async Foreign Scan"),
        (node("Foreign Scan", extra={"Operation": "Delete"}), "Foreign Delete"),
    ],
)
def test_a_node_is_called_what_explain_calls_it(one: PlanNode, called: str) -> None:
    assert operation(one) == called

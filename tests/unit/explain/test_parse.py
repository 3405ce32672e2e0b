"""Plans of real servers become typed, without a literal; strange documents are refused in one line."""

import re
from pathlib import Path

import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.derive import walk
from pgtune_cli.explain.parse import MAX_DEPTH, parse_plan

PLANS = Path(__file__).resolve().parents[2] / "plans"
FILES = sorted(PLANS.glob("*.json"))
MAJORS = (13, 14, 15, 16, 17, 18)
LITERALS = re.compile(r"secret\b(?!\")|pending|done|4711|City 7|nobody@|xxx|2024-|eleven|twelve|quoted|'")


def read(name: str, major: int = 18) -> str:
    return (PLANS / f"{name}.pg{major}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_captured_plan_is_read_and_keeps_no_literal(file: Path) -> None:
    plan = parse_plan(file.read_text(encoding="utf-8"))
    for placed in walk(plan):
        node = placed.node
        texts = [node.filter, node.index_cond, node.recheck_cond, node.hash_cond, node.merge_cond, node.join_filter]
        texts += [*node.sort_key, *node.group_key, *node.output, *(str(value) for value in node.extra.values())]
        bare = [re.sub(r"\"[^\"]*\"", "", text) for text in texts if text is not None and "{" not in text[:1]]
        assert [text for text in bare if LITERALS.search(text) and not text.startswith("[")] == []


@pytest.mark.parametrize("major", MAJORS)
def test_numbers_and_conditions_of_an_executed_index_scan(major: int) -> None:
    plan = parse_plan(read("index_scan", major))
    node = plan.root
    assert (node.node_type, node.schema, node.relation, node.alias) == ("Index Scan", "public", "orders", "orders")
    assert (node.index_name, node.index_cond, node.scan_direction) == ("orders_pkey", "(orders.id = ?)", "Forward")
    assert (node.actual_rows, node.loops, node.plan_rows, node.startup_cost) == (1.0, 1.0, 1.0, 0.29)
    assert (node.shared_hit_blocks or 0) + (node.shared_read_blocks or 0) == 3
    assert plan.settings == {"max_parallel_workers_per_gather": "0"}
    assert plan.execution_time_ms is not None
    assert plan.planning_time_ms is not None


def test_unknown_keys_stay_in_extra_as_explain_spelled_them() -> None:
    assert parse_plan(read("index_scan")).root.extra["Index Searches"] == 1
    assert parse_plan(read("disabled_seq_scan")).root.extra["Disabled"] is True


def test_texts_under_unknown_keys_lose_their_literals_too() -> None:
    document = {
        "Plan": {**NODE, "Remote SQL": "SELECT a FROM t WHERE b = 'x' /* y */ LIMIT 5", "Future": [{"k": ["'v'"]}]}
    }
    assert parse_plan(document).root.extra == {
        "Remote SQL": "SELECT a FROM t WHERE b = ?  LIMIT ?",
        "Future": [{"k": ["?"]}],
    }


def test_a_function_scan_hides_its_arguments() -> None:
    plan = parse_plan(read("function_and_values"))
    calls = [placed.node.extra.get("Function Call") for placed in walk(plan)]
    assert "generate_series(?, ?)" in calls


def test_fractional_rows_of_18_are_kept() -> None:
    rows = {placed.node.actual_rows for placed in walk(parse_plan(read("parallel_in_a_loop")))}
    assert 13333.33 in rows


def test_values_are_shown_when_asked_for() -> None:
    plan = parse_plan(read("seq_scan_filter"), show_values=True)
    assert plan.root.filter == "((orders.total > 12.5) AND (orders.note = 'it''s secret'::text))"


def test_a_plan_without_analyze_has_no_actual_numbers() -> None:
    plan = parse_plan(read("costs_only"))
    node = plan.root
    assert (node.actual_rows, node.loops, node.actual_total_time_ms, node.shared_hit_blocks) == (None, None, None, None)
    assert (plan.execution_time_ms, plan.total_cost) == (None, node.total_cost)


def test_timing_off_leaves_rows_and_no_time() -> None:
    node = parse_plan(read("no_timing")).root
    assert (node.actual_rows, node.actual_total_time_ms) == (1.0, None)


def test_jit_time_is_the_total_of_its_timings() -> None:
    plan = parse_plan(read("jit", 15))
    assert plan.jit_time_ms is not None
    assert plan.jit_time_ms > 0


NODE = {"Node Type": "Result", "Startup Cost": 0.0, "Total Cost": 0.01, "Plan Rows": 1, "Plan Width": 4}


def test_the_object_of_auto_explain_and_a_bare_node_are_read() -> None:
    assert (
        parse_plan({"Query Text": "select 1", "Plan": NODE}).root
        == parse_plan(NODE).root
        == parse_plan([{"Plan": NODE}]).root
    )


def test_a_value_of_an_unexpected_type_is_unknown() -> None:
    node = parse_plan(
        {**NODE, "Filter": 5, "Actual Rows": "many", "Sort Key": "a", "Plans": "none", "Alias": None}
    ).root
    assert (node.filter, node.actual_rows, node.sort_key, node.children, node.alias) == (None, None, (), (), None)


def test_numbers_too_large_for_a_float_are_unknown() -> None:
    assert parse_plan({**NODE, "Actual Rows": 10**400, "Hash Batches": float("inf")}).root.actual_rows is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("QUERY PLAN\n Seq Scan", "the plan is not JSON"),
        ("", "the plan is not JSON"),
        (b"\xff\xfe", "the plan is not JSON"),
        ("[]", "the document holds no plan"),
        ('{"Plan": []}', "the document holds no plan"),
        ("[1, 2]", "the document holds no plan"),
        ("null", "the document holds no plan"),
        ('{"Node Type": "Result"}', "a node of the plan has no startup cost"),
        ("[" * 100_000, "the plan is nested too deeply to read"),
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(document: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}$"):
        parse_plan(document)


def test_a_plan_deeper_than_any_real_one_is_refused() -> None:
    node = dict(NODE)
    for _ in range(MAX_DEPTH):
        node = {**NODE, "Plans": [node]}
    with pytest.raises(UsageError, match="too large to read"):
        parse_plan(node)
    assert len(list(walk(parse_plan(node["Plans"][0])))) == MAX_DEPTH


def test_a_plan_of_ten_thousand_partitions_is_read() -> None:
    plan = parse_plan({**NODE, "Plans": [NODE] * 10_000})
    assert len(plan.root.children) == 10_000

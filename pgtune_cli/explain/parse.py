"""EXPLAIN (FORMAT JSON) of PostgreSQL 13 to 18, as text or decoded, to a typed Plan.

Lenient: a key that pgtune has no field for is kept in `extra`, a value of an unexpected type is None. Literals in
conditions, keys and output lists, in `extra` too, become `?` unless values were asked for.
"""

from collections.abc import Callable
from math import isfinite
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.redact import redact
from pgtune_cli.model.plan import MAX_DEPTH, Plan, PlanNode, TriggerTime

MAX_NODES = 50_000

Redact = Callable[[str], str]

NAMES = {
    "Node Type": "node_type",
    "Parent Relationship": "parent_relationship",
    "Relation Name": "relation",
    "Schema": "schema",
    "Alias": "alias",
    "Index Name": "index_name",
    "Join Type": "join_type",
    "Strategy": "strategy",
    "Scan Direction": "scan_direction",
    "Subplan Name": "subplan_name",
    "CTE Name": "cte_name",
    "Function Name": "function_name",
    "Sort Method": "sort_method",
    "Sort Space Type": "sort_space_type",
}
TEXTS = {
    "Filter": "filter",
    "Index Cond": "index_cond",
    "Recheck Cond": "recheck_cond",
    "Hash Cond": "hash_cond",
    "Merge Cond": "merge_cond",
    "Join Filter": "join_filter",
}
LISTS = {
    "Sort Key": "sort_key",
    "Presorted Key": "presorted_key",
    "Group Key": "group_key",
    "Output": "output",
}
FLOATS = {
    "Startup Cost": "startup_cost",
    "Total Cost": "total_cost",
    "Plan Rows": "plan_rows",
    "Actual Rows": "actual_rows",
    "Actual Total Time": "actual_total_time_ms",
    "Actual Loops": "loops",
    "Rows Removed by Filter": "rows_removed_by_filter",
    "Rows Removed by Index Recheck": "rows_removed_by_index_recheck",
    "Rows Removed by Join Filter": "rows_removed_by_join_filter",
    "Heap Fetches": "heap_fetches",
}
INTEGERS = {
    "Plan Width": "plan_width",
    "Exact Heap Blocks": "exact_heap_blocks",
    "Lossy Heap Blocks": "lossy_heap_blocks",
    "Sort Space Used": "sort_space_used_kb",
    "Hash Batches": "hash_batches",
    "Workers Planned": "workers_planned",
    "Workers Launched": "workers_launched",
    "Shared Hit Blocks": "shared_hit_blocks",
    "Shared Read Blocks": "shared_read_blocks",
    "Temp Read Blocks": "temp_read_blocks",
    "Temp Written Blocks": "temp_written_blocks",
}
REQUIRED = ("node_type", "startup_cost", "total_cost", "plan_rows", "plan_width")


def parse_plan(document: str | bytes | list[Any] | dict[str, Any], *, show_values: bool = False) -> Plan:
    """The plan of one EXPLAIN. Raises UsageError when the document is no JSON plan with costs, or is far too deep."""
    entry = _entry(_decoded(document))
    rewrite: Redact = str if show_values else redact
    timing = _dict(_dict(entry.get("JIT")).get("Timing"))
    return Plan(
        root=_tree(entry["Plan"], rewrite),
        settings={str(name): str(value) for name, value in _dict(entry.get("Settings")).items()},
        planning_time_ms=_float(entry.get("Planning Time")),
        execution_time_ms=_float(entry.get("Execution Time")),
        jit_time_ms=_float(timing.get("Total")),
        triggers=tuple(_trigger(_dict(item)) for item in _list(entry.get("Triggers"))),
    )


def _trigger(raw: dict[str, Any]) -> TriggerTime:
    texts = {key: value for key, value in raw.items() if isinstance(value, str)}
    return TriggerTime(
        name=texts.get("Trigger Name", ""), relation=texts.get("Relation"), constraint=texts.get("Constraint Name"),
        time_ms=_float(raw.get("Time")) or 0.0, calls=_float(raw.get("Calls")) or 0.0,
    )  # fmt: skip


def _decoded(document: str | bytes | list[Any] | dict[str, Any]) -> Any:
    if not isinstance(document, str | bytes):
        return document
    try:
        return msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise UsageError("the plan is not JSON", "write it with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)") from exc
    except RecursionError as exc:
        raise UsageError("the plan is nested too deeply to read") from exc


def _entry(document: Any) -> dict[str, Any]:
    """EXPLAIN prints a list of one; auto_explain the object alone; some tools keep only the root node."""
    entry = document[0] if isinstance(document, list) and len(document) == 1 else document
    if isinstance(entry, dict) and isinstance(entry.get("Plan"), dict):
        return entry
    if isinstance(entry, dict) and "Node Type" in entry:
        return {"Plan": entry}
    raise UsageError("the document holds no plan", "write it with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)")


def _tree(root: dict[str, Any], rewrite: Redact) -> PlanNode:
    """Children before parents, over an explicit stack: the depth of a document is not ours to trust."""
    order: list[tuple[dict[str, Any], list[int]]] = []
    stack: list[tuple[dict[str, Any], int, int]] = [(root, 0, -1)]
    while stack:
        raw, depth, parent = stack.pop()
        if depth >= MAX_DEPTH or len(order) >= MAX_NODES:
            raise UsageError(f"the plan is too large to read (over {MAX_DEPTH} levels or {MAX_NODES} nodes)")
        number = len(order)
        order.append((raw, []))
        if parent >= 0:
            order[parent][1].append(number)
        plans = raw.get("Plans")
        children = [child for child in plans if isinstance(child, dict)] if isinstance(plans, list) else []
        stack.extend((child, depth + 1, number) for child in reversed(children))
    built: dict[int, PlanNode] = {}
    for number in range(len(order) - 1, -1, -1):
        raw, children_numbers = order[number]
        built[number] = _node(raw, tuple(built.pop(child) for child in children_numbers), rewrite)
    return built[0]


def _node(raw: dict[str, Any], children: tuple[PlanNode, ...], rewrite: Redact) -> PlanNode:
    fields: dict[str, Any] = {"children": children}
    extra: dict[str, Any] = {}
    for key, value in raw.items():
        if key in NAMES:
            fields[NAMES[key]] = value if isinstance(value, str) else None
        elif key in TEXTS:
            fields[TEXTS[key]] = rewrite(value) if isinstance(value, str) else None
        elif key in LISTS:
            fields[LISTS[key]] = tuple(rewrite(text) for text in _list(value) if isinstance(text, str))
        elif key in FLOATS:
            fields[FLOATS[key]] = _float(value)
        elif key in INTEGERS:
            fields[INTEGERS[key]] = _integer(value)
        elif key != "Plans":
            extra[key] = _rewritten(value, rewrite)
    missing = next((name for name in REQUIRED if fields.get(name) is None), None)
    if missing is not None:
        raise UsageError(f"a node of the plan has no {missing.replace('_', ' ')}", "EXPLAIN it without COSTS OFF")
    return PlanNode(extra=extra, **fields)


def _rewritten(value: Any, rewrite: Redact, depth: int = 0) -> Any:
    """A value under an unknown key, its texts rewritten; what is nested absurdly deep is dropped."""
    if isinstance(value, str):
        return rewrite(value)
    if depth > 8:
        return None
    if isinstance(value, list):
        return [_rewritten(item, rewrite, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(key): _rewritten(item, rewrite, depth + 1) for key, item in value.items()}
    return value


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _float(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def _integer(value: Any) -> int | None:
    number = _float(value)
    return None if number is None else int(number)

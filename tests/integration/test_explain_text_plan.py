"""Plans in text form read as their JSON reads, for every shape of tests/plans, however they were pasted."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

import msgspec
import pytest
from support.database import Database

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.derive import walk
from pgtune_cli.explain.node_name import operation
from pgtune_cli.explain.saved_plan import read_plan
from pgtune_cli.model.plan import Plan, PlanNode

CAPTURE = Path(__file__).resolve().parents[1] / "plans" / "capture.py"
CHANGES = {"actual_total_time_ms", "extra", "children"}
"""times of two executions differ; `extra` is whatever a version adds."""
OF_EXECUTION = re.compile(r"actual_|loops|rows_removed|\w+_blocks|sort_space|workers_launched|hash_batches")


def shapes() -> tuple[str, dict[str, tuple[str, tuple[str, ...], str]]]:
    spec = importlib.util.spec_from_file_location("capture_plans", CAPTURE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SCHEMA, module.SHAPES


def both_forms(pg: Database) -> Iterator[tuple[str, str, str]]:
    """Name, text form, JSON form of every shape."""
    schema, found = shapes()
    pg.execute(schema)
    pg.execute("vacuum orders")
    for name, (options, settings, query) in found.items():
        pg.execute("begin")
        for setting in settings:
            pg.execute(f"set local {setting}")
        pg.fetch(f"explain ({options}) {query}")  # caches are warm, hint bits are set
        lines = [str(row[0]) for row in pg.fetch(f"explain ({options}) {query}")]
        json_form = pg.fetch(f"explain ({options}, format json) {query}")[0][0]
        pg.execute("rollback")
        yield name, "\n".join(lines), json_form


def fields(node: PlanNode) -> dict[str, Any]:
    return {key: value for key, value in msgspec.structs.asdict(node).items() if key not in CHANGES}


def flat(plan: Plan) -> list[dict[str, Any]]:
    waiting, found = [plan.root], []
    while waiting:
        node = waiting.pop(0)
        found.append(fields(node) | {"children": len(node.children)})
        waiting.extend(node.children)
    return found


def unknown(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """A plan that touched no block has no Buffers in text, as one without BUFFERS: then 0 is not known."""
    return {key: None for key, value in theirs.items() if key.endswith("_blocks") and value == 0 and ours[key] is None}


def as_psql(text: str) -> str:
    lines = text.splitlines()
    width = max(map(len, lines)) + 2
    head, end = ["QUERY PLAN".center(width), "-" * width], [f"({len(lines)} rows)", "", "Time: 12.345 ms"]
    return "\n".join([*head, *(f" {line}" for line in lines), *end])


def as_psql_with_borders(text: str) -> str:
    lines = text.splitlines()
    width = max(map(len, lines))
    rule = f"+{'-' * (width + 2)}+"
    rows = [f"| {line.ljust(width)} |" for line in lines]
    return "\n".join([rule, f"| {'QUERY PLAN'.center(width)} |", rule, *rows, rule, f"({len(lines)} rows)"])


def as_one_value(text: str) -> str:
    lines = text.splitlines()
    width = max(map(len, lines))
    return "\n".join([*(f" {line.ljust(width)}+" for line in lines[:-1]), f" {lines[-1]}", "(1 row)"])


def as_pgadmin(text: str) -> str:
    return "\n".join(['"QUERY PLAN"', *('"' + line.replace('"', '""') + '"' for line in text.splitlines())])


def as_auto_explain(text: str) -> str:
    body = "\n".join(f"\t{line}" for line in text.splitlines())
    return (
        "2026-01-05 10:00:00.123 UTC [4711] app@shop LOG:  duration: 12.345 ms  plan:\n\tQuery Text: select *\n"
        f"\t  from orders where id = $1;\n{body}\n2026-01-05 10:00:01.000 UTC [4711] app@shop LOG:  checkpoint starting"
    )


def as_compose(text: str) -> str:
    return "\n".join(f"db-1  | {line}" for line in ["LOG:  plan:", *text.splitlines()])


def as_auto_explain_json(text: str) -> str:
    """auto_explain.log_format = json: one object, with the statement before the plan."""
    return as_auto_explain(f'{{\n  "Query Text": "select {{",\n{text.strip()[1:-1].strip()[1:]}')


def as_csv(text: str) -> str:
    return '"QUERY PLAN"\n"' + text.replace('"', '""') + '"'


PASTED = (as_psql, as_psql_with_borders, as_one_value, as_pgadmin, as_auto_explain, as_compose)


@pytest.mark.pg
@pytest.mark.majors(13, 15, 18)
def test_the_text_reads_as_the_json_does(pg: Database) -> None:
    for name, text, json_form in both_forms(pg):
        ours, theirs = read_plan(text, show_values=True), read_plan(json_form, show_values=True)
        for one, other in zip(flat(ours), flat(theirs), strict=True):
            expected = {**other, **unknown(one, other)}
            if "Gather" in text:
                # the workers share the rows out anew in each execution
                one, expected = ({key: value for key, value in each.items() if not OF_EXECUTION.match(key)}
                                 for each in (one, expected))  # fmt: skip
            assert one == expected, f"{name}\n{text}"
        assert ours.settings == theirs.settings, name
        assert (ours.execution_time_ms is None) == (theirs.execution_time_ms is None), name
        assert (ours.jit_time_ms is None) == (theirs.jit_time_ms is None), name
        for paste in PASTED:
            assert read_plan(paste(text), show_values=True) == ours, f"{name} {paste.__name__}\n{paste(text)}"
        for paste in (as_one_value, as_psql_with_borders, as_compose, as_auto_explain_json, as_csv):
            assert read_plan(paste(json_form), show_values=True) == theirs, f"{name} {paste.__name__}"
        # the words before `using` and `on` are those of the text form
        called = [operation(placed.node) for placed in walk(theirs)]
        for line in text.splitlines():
            if (node := read_node_line(line)) and "Worker" not in line:
                assert any(node == one or node.startswith((f"{one} on ", f"{one} using ")) for one in called), node


def read_node_line(line: str) -> str | None:
    """`->  Seq Scan on t  (cost=…` as `Seq Scan on t`."""
    head, cost, _ = line.partition("  (cost=")
    return head.strip().removeprefix("->").strip() if cost else None


PLAN = """\
Sort  (cost=1.00..2.00 rows=3 width=4)
  Sort Key: a
  ->  Seq Scan on t  (cost=0.00..1.00 rows=3 width=4)
        Filter: (b = 'two
lines'::text)
"""


LOGGED = "LOG: plan:\n" + indent(PLAN.replace("\nlines", ""), "\t")
JSON_PLAN = """\
  { "Plan": {"Node Type": "Result", "Startup Cost": 0, "Total Cost": 1, "Plan Rows": 1, "Plan Width": 1} }"""


def test_a_constant_may_hold_line_ends() -> None:
    plan = read_plan(PLAN, show_values=True)
    assert plan.root.children[0].filter == "(b = 'two\nlines'::text)"
    assert "two" not in msgspec.json.encode(read_plan(PLAN)).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the plan is empty"),
        ("\nhello\n", "line 2: no plan begins here or below"),
        ("QUERY PLAN\n Seq Scan on t\n", "line 2: the plan has no costs"),
        (PLAN.replace("  Filter", "  ??? Filter").replace("two\nlines", "x"), "line 4: this is no part of a plan"),
        (PLAN.replace("  ->  Seq", "->  Seq"), "line 3: a second plan begins"),
        (PLAN + PLAN, "line 6: a second plan begins"),
        (LOGGED + LOGGED, "line 7: a second plan begins"),
        (f"LOG: plan:\n{JSON_PLAN}\nLOG: plan:\n{JSON_PLAN}", "a second plan begins below the first"),
        (PLAN.replace("  Sort Key", "Sort Kay"), "line 2: this is no part of a plan: Sort Kay: a"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_with_its_number(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_plan(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["XML", "YAML"])
def test_a_form_that_is_not_read_is_named(pg: Database, form: str) -> None:
    saved = str(pg.fetch(f"EXPLAIN (FORMAT {form}) SELECT 1")[0][0])
    with pytest.raises(UsageError) as refused:
        read_plan(f" QUERY PLAN \n----\n {saved}")
    assert str(refused.value) == f"the plan is in {form} form"
    assert refused.value.hint == "EXPLAIN it with FORMAT TEXT, or with FORMAT JSON"

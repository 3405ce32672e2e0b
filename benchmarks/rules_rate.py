"""How fast the rules judge: `python benchmarks/rules_rate.py [STATEMENTS]` (default 5000, ten plan nodes each).

Statements of the sample snapshot, each text made different from the others, with executed plans that were captured from
a real server. Prints the time, what it was spent on, and the memory before and after.
"""

import resource
import sys
import time
from pathlib import Path

import msgspec

from pgtune_cli.collect.snapshot_file import load
from pgtune_cli.explain.derive import blocks_total, walk
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.plan import Plan, PlanNode, PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.sql.statements import statements

ROOT = Path(__file__).resolve().parent.parent
NODES = 10


def plans_of_ten() -> list[Plan]:
    """Captured plans, several under one Append where it takes that many to have ten nodes."""
    captured = [parse_plan(file.read_bytes()) for file in sorted((ROOT / "tests/plans").glob("*.pg18.json"))]
    executed = [plan for plan in captured if plan.root.actual_rows is not None]
    found = []
    for start in range(len(executed)):
        parts: list[PlanNode] = []
        for plan in executed[start:] + executed[:start]:
            count = sum(_nodes(part) for part in parts) + 1
            if count + _nodes(plan.root) <= NODES:
                parts.append(plan.root)
        root = msgspec.structs.replace(parts[0], node_type="Append", relation=None, children=tuple(parts))
        found.append(msgspec.structs.replace(executed[start], root=root))
    return found


def _nodes(root: PlanNode) -> int:
    return 1 + sum(_nodes(child) for child in root.children)


def analysis(count: int) -> Analysis:
    snapshot = load(ROOT / "sample_reports" / "shop.pgtune")
    known, plans = statements(snapshot), plans_of_ten()
    found, made = [], {}
    for number in range(count):
        fingerprint = f"{number:016x}"
        base, plan = known[number % len(known)], plans[number % len(plans)]
        found.append(msgspec.structs.replace(base, fingerprint=fingerprint, query=f"{base.query} -- {number}"))
        one = StatementPlan(
            source="server", parameters=PlanParameters("typical", "pg_stats"), executed=True,
            total_cost=plan.total_cost, execution_time_ms=plan.execution_time_ms, blocks=blocks_total(plan), plan=plan,
        )  # fmt: skip
        made[fingerprint] = StatementPlans(fingerprint=fingerprint, plans=(one,))
    return Analysis(snapshot=snapshot, statements=tuple(found), plans=made)


def main(count: int) -> None:
    rules, given = load_rules(), analysis(count)
    nodes = sum(len(list(walk(found.plans[0].plan))) for found in given.plans.values())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    findings, skipped = evaluate(rules, given)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{count} statements, {nodes} plan nodes, {len(rules)} rules: {seconds:.1f} s")
    print(f"{1000 * seconds / count:.2f} ms a statement; {len(findings)} findings, {len(skipped)} skipped")
    used, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"CPU {used.ru_utime - begun.ru_utime:.1f} s here, {workers.ru_utime:.1f} s in the workers reading the texts")
    print(f"peak memory {before / 1024:.0f} MB before, {after / 1024:.0f} MB after")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)

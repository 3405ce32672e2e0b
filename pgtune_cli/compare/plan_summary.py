"""What a baseline keeps of a plan."""

from pgtune_cli.compare.measure import significant
from pgtune_cli.explain.derive import indexes_used, relations_used, shape_of, walk
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.comparison import PlanSummary
from pgtune_cli.model.plan import Plan, StatementPlans

FEW = 0.1
"""a scan that keeps less of its table is selective: an index could serve it."""


def plan_of_record(plans: StatementPlans | None) -> Plan | None:
    """The plan that the report shows first."""
    return plans.plans[0].plan if plans is not None and plans.plans else None


def summaries(analysis: Analysis) -> dict[str, PlanSummary]:
    """Of every statement that has a plan, by fingerprint."""
    rows_of = rows_of_tables(analysis.snapshot.catalog)
    plans = {key: plan_of_record(found) for key, found in analysis.plans.items()}
    return {key: summarise(plan, rows_of) for key, plan in plans.items() if plan is not None}


def summarise(plan: Plan, rows_of: dict[str, float]) -> PlanSummary:
    """`rows_of`: rows of each table, by `schema.name`."""
    scans, selective = set(), set()
    processes: dict[str | None, int] = {None: 1}
    for placed in walk(plan):
        node = placed.node
        processes[placed.path] = processes[placed.parent] if node.workers_planned is None else node.workers_planned + 1
        if node.node_type != "Seq Scan" or node.relation is None:
            continue
        name = str(RelationName(node.schema or "", node.relation))
        scans.add(name)
        rows = rows_of.get(name)
        # a parallel scan says the rows of one process
        kept = node.plan_rows * (processes[placed.path] if node.extra.get("Parallel Aware") is True else 1)
        if node.filter is not None and rows and kept < FEW * rows:
            selective.add(name)
    return PlanSummary(
        total_cost=significant(plan.total_cost, 4),
        shape=shape_of(plan),
        nodes=tuple(sorted({placed.node.node_type for placed in walk(plan)})),
        relations=tuple(sorted(str(name) for name in relations_used(plan))),
        indexes=tuple(sorted(str(name) for name in indexes_used(plan))),
        seq_scans=tuple(sorted(scans)),
        selective_scans=tuple(sorted(selective)),
    )


def rows_of_tables(catalog: Catalog) -> dict[str, float]:
    """Rows by the last ANALYZE, of the tables where they were counted."""
    return {str(one.relation_name): one.reltuples for one in catalog.relations if one.reltuples is not None}

"""One run of a workload as a baseline holds it: statements, plans, tables, settings."""

import re
from collections.abc import Mapping, Sequence

from pgtune_cli import __version__
from pgtune_cli.compare.code import Code
from pgtune_cli.compare.measure import measure, merged, significant
from pgtune_cli.compare.plan_summary import plan_of_record, rows_of_tables, summarise
from pgtune_cli.compare.policy import policy_of
from pgtune_cli.compare.table_state import table_states
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.comparison import Baseline, BaselineStatement, PlanSummary
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Settings
from pgtune_cli.sql.fingerprint import normalise
from pgtune_cli.whatif.mentions import Relevance

Windows = Sequence[tuple[Statement, ...]]
"""the statements of each window; the counters of one are its own, not totals."""

PLANNERS = re.compile(
    r"enable_\w+|cpu_\w+|geqo\w*|jit\w*|\w+_page_cost|parallel_\w+|(max|min)_parallel_\w+|(from|join)_collapse_limit"
    r"|effective_\w+|work_mem|hash_mem_multiplier|plan_cache_mode|default_statistics_target|constraint_exclusion"
    r"|cursor_tuple_fraction|recursive_worktable_factor|pg_stat_statements\.track\w*"
)
"""settings that change what a statement costs, or what is counted"""


def make_baseline(
    windows: Windows,
    settings: Settings,
    analysis: Analysis | None = None,
    *,
    production: Mapping[str, PlanSummary] | None = None,
    findings: Sequence[str] = (),
    evicted: int = 0,
) -> Baseline:
    """Sorted by fingerprint; texts normalised, figures rounded. `analysis`: of the last window."""
    relevance = Relevance(analysis.snapshot.catalog) if analysis else None
    code = Code(analysis.snapshot.catalog) if analysis else None
    rows_of = rows_of_tables(analysis.snapshot.catalog) if analysis else {}
    by_window = [{one.fingerprint: one for one in window} for window in windows]
    entries = []
    for fingerprint in sorted({key for window in by_window for key in window}):
        found = [window.get(fingerprint) for window in by_window]
        plan = plan_of_record(analysis.plans.get(fingerprint)) if analysis else None
        statement = merged([one for one in found if one is not None], len(windows))
        normalised = normalise(statement.query)
        policy = policy_of(fingerprint, normalised, settings)
        means = [None if one is None else significant(one.mean_exec_time_ms, 3) for one in found]
        tables = relevance.tables(statement.query) if relevance else frozenset()
        tables |= code.referencing(statement.query, tables) if code else frozenset()
        entries.append(
            BaselineStatement(
                fingerprint=fingerprint,
                query=normalised,
                over_threshold=policy.over(statement.mean_exec_time_ms, statement.calls),
                measurement=measure(statement),
                windows=tuple(means) if len(windows) > 1 else (),
                tables=tuple(sorted(str(name) for name in tables)),
                functions=code.functions(statement.query, tables) if code else (),
                plan=summarise(plan, rows_of) if plan else None,
                production_plan=(production or {}).get(fingerprint),
            )
        )
    catalog = analysis.snapshot.catalog if analysis else None
    values = analysis is not None and analysis.snapshot.values
    called = {name for entry in entries for name in entry.functions}
    touched = {name for entry in entries for name in entry.tables}
    return Baseline(
        pgtune_version=__version__,
        database=analysis.snapshot.server.database if analysis else "",
        slow_query_threshold_ms=float(settings.slow_query_threshold_ms),
        settings=_planner_settings(analysis),
        server_version_num=analysis.snapshot.server.version_num if analysis else None,
        functions=code.digests(called) if code and values else None,
        evicted=evicted,
        tables=table_states(catalog, touched, values) if catalog else {},
        findings=tuple(sorted(set(findings))),
        statements=tuple(entries),
    )


def _planner_settings(analysis: Analysis | None) -> dict[str, str]:
    if analysis is None:
        return {}
    snapshot = analysis.snapshot
    found = dict(snapshot.server.settings)
    roles = {role for statement in analysis.statements for role in statement.roles}
    for one in snapshot.usage.server.role_settings or ():
        if one.role in roles:
            found.setdefault(f"{one.name} of role {one.role}", one.value)
    return {name: value for name, value in sorted(found.items()) if PLANNERS.fullmatch(name.partition(" ")[0])}


def sizes(analysis: Analysis) -> dict[str, int]:
    """Bytes of each table's main fork, by `schema.name`."""
    block = analysis.snapshot.server.block_size
    return {
        str(one.relation_name): (one.relpages if one.pages is None else one.pages) * block
        for one in analysis.snapshot.catalog.relations
    }

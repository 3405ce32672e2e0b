"""A report whose every text is hostile, for the renderers' tests; the figures are made up, the structures are real."""

from pgtune_cli.cli.assemble import Judged, assemble
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.finding import Confidence, Finding, Severity, Suggestion
from pgtune_cli.model.index import (
    ChosenIndex,
    DroppedIndex,
    ForeignKeyBenefit,
    IndexAdvice,
    PossibleIndex,
    RejectedIndex,
    SeenEstimate,
    StatementBenefit,
    StatementTrial,
    StatisticsAdvice,
    Trial,
)
from pgtune_cli.model.plan import Fidelity, Plan, PlanNode, PlanParameters, StatementPlan, StatementPlans
from pgtune_cli.model.report import Report
from pgtune_cli.model.rewrite import Proof, Rewrite, RewriteParameter, RewriteStatement, RewriteStatus
from pgtune_cli.model.snapshot import Server, Skipped, Snapshot, Window, Workload
from pgtune_cli.model.statement import Statement

EVIL = "</script><img src=x onerror=alert(1)>\x1b[31m\u202egnp`|*_[x](javascript:1)"


def hostile_report() -> Report:
    """One of everything, each text carrying EVIL."""
    statement = Statement(
        fingerprint="a" * 16,
        queryids=("-9223372036854775808",),
        roles=(EVIL,),
        query=f"SELECT * FROM orders WHERE status = $1 /* {EVIL} ``` */",
        calls=12_345,
        total_exec_time_ms=1_000_000,
        mean_exec_time_ms=81,
        rows=123,
        shared_blks_hit=100_000,
        share_of_time=0.45,
    )
    quiet = Statement(
        fingerprint="b" * 16,
        query="SELECT 1",
        calls=1,
        total_exec_time_ms=0.5,
        mean_exec_time_ms=0.5,
        share_of_time=0.0,
    )
    snapshot = Snapshot(
        pgtune_version="0",
        server=Server(version_num=180006, version="18.6", database=EVIL, user="reader"),
        workload=Workload(source="pg_stat_statements", window=Window(seconds=60)),
        catalog=Catalog(),
    )
    plans = {
        statement.fingerprint: StatementPlans(
            fingerprint=statement.fingerprint,
            plans=(_plan(),),
            fidelity=Fidelity(same_shape=False, cost_server=1000, cost_clone=1200, reason=EVIL),
            not_executed=EVIL,
        ),
        quiet.fingerprint: StatementPlans(fingerprint=quiet.fingerprint, not_explained=EVIL),
    }
    analysis = Analysis(
        snapshot=snapshot, statements=(statement, quiet), plans=plans, skipped=(Skipped(EVIL, EVIL, EVIL),)
    )
    return assemble(analysis, Judged(_findings()), _advice(), _rewrites())


def _plan() -> StatementPlan:
    scan = PlanNode(
        node_type="Seq Scan",
        startup_cost=0,
        total_cost=900,
        plan_rows=10,
        plan_width=8,
        relation=EVIL,
        alias="o",
        filter=f"(status = '?') {EVIL}",
        actual_rows=3,
        loops=1,
        actual_total_time_ms=20.0,
        rows_removed_by_filter=100_000,
        shared_hit_blocks=500,
        shared_read_blocks=10,
    )
    root = PlanNode(
        node_type="Sort",
        startup_cost=950,
        total_cost=1000,
        plan_rows=10,
        plan_width=8,
        sort_key=("created_at DESC",),
        actual_rows=3,
        loops=1,
        children=(scan,),
    )
    return StatementPlan(
        source="server",
        parameters=PlanParameters("typical", "pg_stats"),
        executed=True,
        total_cost=1000,
        execution_time_ms=21.2,
        blocks=510,
        plan=Plan(root=root, execution_time_ms=21.2),
    )


def _findings() -> tuple[Finding, ...]:
    return (
        Finding(
            id="f1",
            rule="PLAN002",
            severity=Severity.WARNING,
            confidence=Confidence.HIGH,
            title=f"Sort spills {EVIL}",
            detail=EVIL,
            evidence={"channel": "execution"},
            statements=("a" * 16,),
            suggestion=Suggestion(kind="setting", text=EVIL, sql="SET work_mem = '64MB'"),
        ),
        Finding(
            id="f2",
            rule="SQL004",
            severity=Severity.INFO,
            confidence=Confidence.LOW,
            title="A possible one",
            detail="hidden",
            evidence={"channel": "text"},
            possible=True,
        ),
    )


def _advice() -> IndexAdvice:
    create = f'CREATE INDEX CONCURRENTLY "{EVIL}" ON public.orders (status)'
    return IndexAdvice(
        engine="clone",
        workload_cost_before=1e6,
        workload_cost_after=4e5,
        planner_calls=120,
        storage_bytes=12_345_678,
        chosen=(
            ChosenIndex(
                sql=create,
                steps=("SET lock_timeout = '5s'", create),
                rollback_sql=f'DROP INDEX CONCURRENTLY "{EVIL}"',
                name=EVIL,
                relation="public.orders",
                columns=("status",),
                size_bytes=12_345_678,
                benefit=6e5,
                write_cost=10,
                evidence={"channel": "plan"},
                foreign_keys=(
                    ForeignKeyBenefit(
                        name=EVIL,
                        relation="public.orders",
                        references=EVIL,
                        cost_before=900,
                        cost_after=8,
                        calls=3,
                        plan_before=(f"Seq Scan on {EVIL}",),
                        plan_after=("LockRows", f"  Index Scan using {EVIL}"),
                    ),
                ),
                statements=(
                    StatementBenefit(
                        fingerprint="a" * 16,
                        cost_before=1000,
                        cost_after=12,
                        plan_before=(f"Seq Scan on {EVIL}",),
                        plan_after=("Limit", f"  Index Scan using {EVIL}"),
                    ),
                ),
                confidence="high",
                why=EVIL,
            ),
        ),
        possible=(PossibleIndex(sql=create, reason=f"{EVIL}\nDROP TABLE orders", evidence={"channel": "statistics"}),),
        rejected=(RejectedIndex(create, f"{EVIL}\nDROP TABLE orders"),),
        trial=Trial(
            statements=(
                StatementTrial(
                    fingerprint="a" * 16,
                    blocks_before=14_000,
                    blocks_after=4,
                    time_before_ms=21.5,
                    time_after_ms=0.04,
                    runs=3,
                    noise=1.31,
                    verdict="faster",
                ),
                StatementTrial(
                    fingerprint="b" * 16,
                    blocks_before=3,
                    blocks_after=3,
                    time_before_ms=1.0,
                    time_after_ms=2.0,
                    runs=3,
                    noise=1.1,
                    verdict="slower",
                ),
            ),
            dropped=(create,),
            failed=(RejectedIndex(create, f"{EVIL}\nDROP TABLE orders"),),
            notes=(f"{EVIL}\nDROP TABLE orders",),
        ),
        statistics=(
            StatisticsAdvice(
                sql=f'CREATE STATISTICS "{EVIL}" ON a, b FROM public.orders',
                steps=("SET lock_timeout = '10s'", f'CREATE STATISTICS "{EVIL}" ON a, b FROM public.orders'),
                rollback_sql=f'DROP STATISTICS "{EVIL}"',
                name=EVIL,
                relation=f"public.{EVIL}",
                columns=(EVIL, "b"),
                kinds=("dependencies",),
                status="unverified",
                reason=f"{EVIL}\nDROP TABLE orders",
                statements=(SeenEstimate(fingerprint="a" * 16, place="0.0", rows_planned=1, rows_actual=5000),),
                evidence={"channel": "execution"},
                why=f"{EVIL}\nDROP TABLE orders",
            ),
        ),
        dropped=(DroppedIndex("DROP INDEX CONCURRENTLY x", create, f"{EVIL}\nDROP TABLE orders"),),
    )


def _rewrites() -> tuple[Rewrite, ...]:
    page = RewriteStatement(
        role="first_page", when=EVIL, sql=f"SELECT 1 /* {EVIL} */", parameters=(RewriteParameter(1, "bigint", EVIL),)
    )
    return (
        Rewrite(
            statement="a" * 16,
            kind="keyset",
            before=f"SELECT 2 /* {EVIL} */",
            status=RewriteStatus.PROVEN,
            statements=(page,),
            proof=Proof(method="adjacency", rows=100_000, mismatches=0),
            blocks_before=14_000,
            blocks_after=4,
        ),
        Rewrite(statement="a" * 16, kind="keyset", before=EVIL, status=RewriteStatus.REFUSED, reason=EVIL),
    )

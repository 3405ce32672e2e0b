"""expected.yaml and the workload agree with each other, and a report is held to it in both directions."""

from importlib.resources import files
from typing import Any

import msgspec
import pytest
import yaml

from pgtune_cli.demo.expected import compare_with_expected, names_of
from pgtune_cli.demo.workload import STATEMENTS
from pgtune_cli.model.finding import Confidence, Finding, Severity
from pgtune_cli.model.index import ChosenIndex, DroppedIndex, IndexAdvice, PossibleIndex, StatementBenefit
from pgtune_cli.model.report import Report, ReportServer, ReportWorkload, Summary
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.model.snapshot import Window
from pgtune_cli.sql.fingerprint import fingerprint

EXPECTED: dict[str, Any] = yaml.safe_load(files("pgtune_cli").joinpath("demo", "expected.yaml").read_text("utf-8"))
NAMES = {statement.name for statement in STATEMENTS}
PRINTS = {statement.name: fingerprint(statement.sql) for statement in STATEMENTS}
ENTRY_KEYS = {
    "rule",
    "places",
    "index",
    "equality",
    "order",
    "expression",
    "possible_index",
    "drop",
    "rewrite",
    "possible",
}
CHANNELS = {"plan", "execution", "text", "catalog", "statistics", "pg_stat_statements", "usage"}

FAULT = {
    "name": "a fault",
    "where": {"statements": ["login"], "relations": ["payments"]},
    "found_by": [{"rule": "SQL003"}],
    "also": [
        {"index": "payments", "equality": ["order_id", "status"], "order": ["created_at"]},
        {"drop": "ix_old"},
        {"rewrite": "keyset"},
        {"rule": "SCHEMA002", "places": ["ix_old"]},
    ],
}
ONE_FAULT = {"faults": [FAULT], "healthy": [{"statement": "product_page", "why": "one row"}]}


def finding(rule: str, *names: str, relation: str | None = None, possible: bool = False, **evidence: Any) -> Finding:
    return Finding(
        id="f", rule=rule, severity=Severity.INFO if possible else Severity.WARNING, confidence=Confidence.HIGH,
        title="title", detail="", evidence={"channel": "text", **evidence}, possible=possible,
        statements=tuple(PRINTS[name] for name in names), relation=relation,
    )  # fmt: skip


def index(*columns: str, table: str = "public.payments") -> ChosenIndex:
    return ChosenIndex(
        sql=f"CREATE INDEX CONCURRENTLY x ON {table} ({', '.join(columns)})", steps=(), rollback_sql="", name="x",
        relation=table, columns=columns, size_bytes=1, benefit=1, write_cost=0, evidence={},
        statements=(StatementBenefit(fingerprint=PRINTS["login"], cost_before=2, cost_after=1),), confidence="high",
        why="",
    )  # fmt: skip


def rewrite(name: str, status: RewriteStatus) -> Rewrite:
    return Rewrite(statement=PRINTS[name], kind="keyset", before="", status=status)


def report(*findings: Finding, indexes: IndexAdvice | None = None, rewrites: tuple[Rewrite, ...] = ()) -> Report:
    return Report(
        pgtune_version="0", server=ReportServer(version_num=180006, database="shop", settings={}),
        workload=ReportWorkload(source="", statements=0, calls=0, total_exec_time_ms=0, window=Window()),
        statements=(), findings=findings, indexes=indexes or IndexAdvice(), rewrites=rewrites, skipped=(),
        summary=Summary(
            statements=0, explained=0, executed=0, findings={}, indexes_advised=0, indexes_to_drop=0,
            rewrites_proven=0, workload_cost_reduction=None, skipped=0,
        ),
    )  # fmt: skip


def entries(fault: dict[str, Any]) -> list[dict[str, Any]]:
    listed = [*fault["found_by"], *fault.get("also", [])]
    return [one for entry in listed for one in entry.get("any_of", [entry])]


def test_every_statement_is_a_fault_or_healthy() -> None:
    faulty = {name for fault in EXPECTED["faults"] for name in fault["where"].get("statements", [])}
    healthy = {entry["statement"] for entry in EXPECTED["healthy"] if "statement" in entry}
    assert (faulty | healthy, faulty & healthy) == (NAMES, set())


def test_there_are_enough_statements_and_faults() -> None:
    assert len(STATEMENTS) >= 40
    assert len({fault["name"] for fault in EXPECTED["faults"]}) == len(EXPECTED["faults"]) >= 14


def test_two_statements_share_a_text_and_all_others_have_their_own() -> None:
    shared = [names for name in sorted(NAMES) if len(names := sorted(names_of([PRINTS[name]]))) > 1]
    assert shared == [["customer_name_contains", "customer_name_starts_with"]] * 2


@pytest.mark.parametrize("fault", EXPECTED["faults"], ids=lambda fault: fault["name"])
def test_each_fault_says_where_it_is_and_what_shows_it(fault: dict[str, Any]) -> None:
    assert set(fault) <= {"name", "what", "where", "channel", "possible", "found_by", "also"}
    assert fault["channel"] in CHANNELS
    assert set(fault["where"]) <= {"statements", "relations"}
    assert all(set(entry) <= ENTRY_KEYS for entry in entries(fault))


def test_a_fault_is_found_by_its_rule_on_its_statement() -> None:
    assert compare_with_expected(report(finding("SQL003", "login")), ONE_FAULT) == []


def test_a_fault_is_found_by_its_rule_on_its_relation() -> None:
    assert compare_with_expected(report(finding("SQL003", relation="public.payments")), ONE_FAULT) == []


def test_a_fault_that_is_not_reported_is_named() -> None:
    assert compare_with_expected(report(), ONE_FAULT) == ["not found: a fault: rule SQL003"]


def test_a_finding_on_a_healthy_statement_is_named_with_the_reason_why_it_is_healthy() -> None:
    found = report(finding("SQL003", "login"), finding("PLAN001", "product_page"))
    assert compare_with_expected(found, ONE_FAULT) == [
        "not expected: PLAN001 (warning) on product_page: title; healthy: one row"
    ]


def test_another_rule_on_a_faulty_statement_is_not_expected() -> None:
    found = report(finding("SQL003", "login"), finding("PLAN001", "login"))
    assert compare_with_expected(found, ONE_FAULT) == ["not expected: PLAN001 (warning) on login: title"]


def test_what_is_only_possible_does_not_show_a_fault_that_can_be_proven() -> None:
    found = report(finding("SQL003", "login", possible=True))
    assert compare_with_expected(found, ONE_FAULT) == ["not found: a fault: rule SQL003"]


def test_what_pg_stat_statements_hides_may_not_be_asserted() -> None:
    hidden = {"faults": [{**FAULT, "possible": True, "also": []}], "healthy": []}
    assert compare_with_expected(report(finding("SQL003", "login", possible=True)), hidden) == []
    assert compare_with_expected(report(finding("SQL003", "login")), hidden) == [
        "not found: a fault: rule SQL003",
        "not expected: SQL003 (warning) on login: title",
    ]


def test_an_advised_index_is_expected_with_its_equality_columns_in_any_order() -> None:
    advice = IndexAdvice(chosen=(index("status", "order_id", "created_at", "id"),))
    assert compare_with_expected(report(finding("SQL003", "login"), indexes=advice), ONE_FAULT) == []


def test_an_advised_index_whose_sort_column_comes_first_is_not_expected() -> None:
    advice = IndexAdvice(chosen=(index("created_at", "status", "order_id"),))
    assert compare_with_expected(report(finding("SQL003", "login"), indexes=advice), ONE_FAULT) == [
        "not expected: CREATE INDEX CONCURRENTLY x ON public.payments (created_at, status, order_id) (for login)"
    ]


def test_any_index_for_the_faulty_statement_alone_is_expected_where_no_columns_are_named() -> None:
    fault = {**FAULT, "also": [{"index": "payments"}]}
    advice = IndexAdvice(chosen=(index("amount"),))
    found = report(finding("SQL003", "login"), indexes=advice)
    assert compare_with_expected(found, {"faults": [fault], "healthy": []}) == []
    elsewhere = {"faults": [{**fault, "where": {"relations": ["payments"]}}], "healthy": []}
    assert compare_with_expected(report(finding("SQL003", relation="public.payments"), indexes=advice), elsewhere) == [
        "not expected: CREATE INDEX CONCURRENTLY x ON public.payments (amount) (for login)"
    ]


def test_possible_and_dropped_indexes_that_nobody_expects_are_named() -> None:
    advice = IndexAdvice(
        possible=(PossibleIndex(sql="CREATE INDEX CONCURRENTLY y ON public.carts (status)", reason="", evidence={}),),
        dropped=(
            DroppedIndex(sql="DROP INDEX CONCURRENTLY public.ix_old", rollback_sql="", reason=""),
            DroppedIndex(sql="DROP INDEX CONCURRENTLY public.ix_used", rollback_sql="", reason=""),
        ),
    )
    assert compare_with_expected(report(finding("SQL003", "login"), indexes=advice), ONE_FAULT) == [
        "not expected: CREATE INDEX CONCURRENTLY y ON public.carts (status)",
        "not expected: DROP INDEX CONCURRENTLY public.ix_used",
    ]


def test_a_finding_at_other_places_than_named_is_not_expected() -> None:
    found = finding("SCHEMA002", relation="public.payments", places=["ix_old", "ix_used"])
    assert compare_with_expected(report(finding("SQL003", "login"), found), ONE_FAULT) == [
        "not expected: SCHEMA002 (warning) on public.payments, ix_old, ix_used: title"
    ]


def test_a_refused_rewrite_accuses_nobody() -> None:
    rewrites = (rewrite("login", RewriteStatus.PROVEN), rewrite("product_page", RewriteStatus.REFUSED))
    assert compare_with_expected(report(finding("SQL003", "login"), rewrites=rewrites), ONE_FAULT) == []
    offered = tuple(msgspec.structs.replace(one, status=RewriteStatus.SAMPLED) for one in rewrites)
    assert compare_with_expected(report(finding("SQL003", "login"), rewrites=offered), ONE_FAULT) == [
        "not expected: rewrite keyset of product_page; healthy: one row"
    ]

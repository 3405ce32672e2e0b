"""The engine: what becomes of hits, of what is unknown, of selections and overrides."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.adjust import adjust
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_folder, load_rules
from pgtune_cli.lint.rule import Rule
from pgtune_cli.model.finding import Confidence, Finding, Severity, Suggestion
from pgtune_cli.model.snapshot import Skipped, TableUsage

RULE = """\
id: SHOP001
name: big-table
severity: warning
confidence: high
for: table
params: {{min_rows: 50000}}
when: {when}
message: "{{table.name}} has {{table.rows:,}} rows."
why: It is big.
suggestion: {{kind: statistics, sql: "ANALYZE {{table.sql_name}}"}}
references: [https://example.com/big]
rank: rows
{more}
"""


def rules(tmp_path: Path, when: str = "table.rows >= params.min_rows", more: str = "") -> tuple[Rule, ...]:
    (tmp_path / "SHOP001.yaml").write_text(RULE.format(when=when, more=more), encoding="utf-8")
    return load_folder(tmp_path)


def test_a_finding_says_all_that_a_report_needs(tmp_path: Path, shop: Any) -> None:
    findings, skipped = evaluate(rules(tmp_path, "table.rows >= 2 * params.min_rows + 100000"), shop.analysis())
    assert skipped == ()
    assert findings == (
        Finding(
            id=findings[0].id, rule="SHOP001", severity=Severity.WARNING, confidence=Confidence.HIGH,
            title="Big table: public.orders", detail="public.orders has 300,000 rows. It is big.",
            why="It is big.",
            evidence={"channel": "catalog", "facts": {"name": "public.orders", "rows": 300000.0}},
            relation="public.orders", suggestion=Suggestion(kind="statistics", sql="ANALYZE public.orders"),
            docs="https://example.com/big",
        ),
    )  # fmt: skip


def test_ids_stay_the_same_and_differ_between_relations(tmp_path: Path, shop: Any) -> None:
    first, _ = evaluate(rules(tmp_path), shop.analysis())
    second, _ = evaluate(rules(tmp_path), shop.analysis())
    assert [finding.id for finding in first] == [finding.id for finding in second]
    assert len({finding.id for finding in first}) == 2


def test_what_is_unknown_is_skipped_with_the_need_named(tmp_path: Path, shop: Any) -> None:
    usage = TableUsage(table=shop.name("tiny"), n_dead_tup=5)
    found = evaluate(rules(tmp_path, "table.dead_rows > params.min_rows"), shop.analysis(tables=[usage]))
    why = "not judged for 2 of 3 tables: needs the usage counters of pg_stat_user_tables and pg_stat_user_indexes"
    assert found == ((), (Skipped("rule SHOP001 big-table", why),))


def test_a_condition_that_cannot_be_computed_is_skipped_with_the_reason(tmp_path: Path, shop: Any) -> None:
    usage = TableUsage(table=shop.name("tiny"))
    when = (
        "table.kind == 'table' && (!has(table.seq_scans) || table.seq_scans / table.index_scans >= params.min_rows * 0)"
    )
    findings, skipped = evaluate(
        rules(tmp_path, f'"{when}"'), shop.analysis(tables=[msgspec.structs.replace(usage, idx_scan=0)])
    )
    assert len(findings) == 2
    assert [item.what for item in skipped] == ["rule SHOP001 big-table"]
    assert skipped[0].why.startswith("not judged for 1 of 3 tables: needs the condition could not be computed")


def test_possible_is_info_and_low_whatever_the_rule_says(tmp_path: Path, shop: Any) -> None:
    findings, _ = evaluate(rules(tmp_path, more="possible: table.rows < 200000"), shop.analysis())
    found = [(finding.relation, finding.possible, finding.severity, finding.confidence) for finding in findings]
    assert found == [
        ("public.orders", False, Severity.WARNING, Confidence.HIGH),
        ("public.customers", True, Severity.INFO, Confidence.LOW),
    ]


def test_what_cannot_be_told_apart_is_possible_only(tmp_path: Path, shop: Any) -> None:
    findings, _ = evaluate(rules(tmp_path, more="possible: table.dead_rows < 5"), shop.analysis())
    assert [finding.possible for finding in findings] == [True, True]


def test_rules_for_other_versions_stay_away(tmp_path: Path, shop: Any) -> None:
    assert evaluate(rules(tmp_path, more="max_version: 17"), shop.analysis()) == ((), ())


def test_places_on_one_statement_make_one_finding_told_by_the_worst(shop: Any) -> None:
    def scan(removed: int) -> dict[str, Any]:
        return shop.node("Seq Scan", "orders", Actual_Rows=1, Actual_Loops=1, Filter="(status = ?)",
                         Rows_Removed_by_Filter=removed)  # fmt: skip

    plan = {**shop.node("Append", Actual_Rows=2, Actual_Loops=1), "Plans": [scan(90_000), scan(290_000)]}
    analysis = shop.analysis(shop.statement("select 1"), plans={"a" * 16: plan})
    (finding,), _ = evaluate(load_rules(), analysis, select=["PLAN001"])
    assert finding.statements == ("a" * 16,)
    assert finding.evidence["places"] == ["typical 0.1", "typical 0.0"]
    assert finding.evidence["facts"]["rows_removed"] == 290_000
    assert "The same holds at 1 other place." in finding.detail


def test_statements_with_one_condition_share_a_finding(shop: Any) -> None:
    text = "select {} from customers where lower(email) = $1"
    plan = shop.node("Seq Scan", "customers", Filter="(lower(email) = ?)")
    analysis = shop.analysis(
        shop.statement(text.format("id"), "a" * 16), shop.statement(text.format("note"), "b" * 16),
        plans={"a" * 16: plan, "b" * 16: plan},
    )  # fmt: skip
    (finding,), _ = evaluate(load_rules(), analysis, select=["SQL003"])
    assert (finding.relation, finding.statements) == ("public.customers", ("a" * 16, "b" * 16))


def test_one_object_that_fails_never_ends_a_run(tmp_path: Path, shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = shop.analysis()
    broken = msgspec.structs.replace(analysis.snapshot.catalog.relations[0], columns=None)
    relations = (broken, *analysis.snapshot.catalog.relations[1:])
    catalog = msgspec.structs.replace(analysis.snapshot.catalog, relations=relations)
    snapshot = msgspec.structs.replace(analysis.snapshot, catalog=catalog)
    findings, skipped = evaluate(rules(tmp_path), msgspec.structs.replace(analysis, snapshot=snapshot))
    assert [finding.relation for finding in findings] == ["public.orders"]
    assert [item.what for item in skipped] == ["table public.customers"]


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        (["SCHEMA001", "plan"], [], {"SCHEMA001", *(rule.id for rule in load_rules() if rule.id.startswith("PLAN"))}),
        (["duplicate-index"], [], {"SCHEMA003"}),
        (["SERVER001", "SCHEMA001"], ["server"], {"SCHEMA001"}),
    ],
)
def test_rules_are_selected_by_id_area_and_name(select: list[str], ignore: list[str], expected: set[str]) -> None:
    from pgtune_cli.lint.selection import select_rules

    assert {rule.id for rule in select_rules(load_rules(), select, ignore)} == expected


def test_a_selector_that_names_no_rule_is_a_usage_error(shop: Any) -> None:
    with pytest.raises(UsageError, match=r"no rule 'SERVR' \(did you mean 'SERVER'\?\)"):
        evaluate(load_rules(), shop.analysis(), ignore=["SERVR"])


def test_parameters_and_severities_are_overridden_by_id(tmp_path: Path, shop: Any) -> None:
    changed = adjust(rules(tmp_path), {"SHOP001": {"min_rows": 200_000}}, {"SHOP001": Severity.ERROR})
    findings, _ = evaluate(changed, shop.analysis())
    assert [(finding.relation, finding.severity) for finding in findings] == [("public.orders", Severity.ERROR)]


def test_findings_come_in_the_same_order_whatever_the_order_of_the_rules(shop: Any) -> None:
    twin = shop.index(20, "orders", "placed_at", name="twin")
    analysis = shop.analysis(indexes=[twin, shop.index(21, "orders", "status", valid=False)])
    findings, _ = evaluate(load_rules(), analysis, select=["SCHEMA"])
    again, _ = evaluate(reversed(load_rules()), analysis, select=["SCHEMA"])
    assert [(finding.rule, finding.evidence["places"]) for finding in findings] == [
        ("SCHEMA003", ["twin"]), ("SCHEMA005", ["orders_status_idx"]),
    ]  # fmt: skip
    assert again == findings

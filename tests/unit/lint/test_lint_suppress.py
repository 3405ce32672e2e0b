"""Suppressions: in pgtune.yaml, in a statement's comment; expired and unused ones."""

from datetime import date
from typing import Any

import pytest

from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.lint.suppress import suppress
from pgtune_cli.model.finding import Finding, Suppressed
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Suppression

TODAY = date(2026, 11, 25)
LOWER = "select id from customers where lower(email) = $1"


def judged(shop: Any, *texts: str) -> tuple[tuple[Finding, ...], tuple[Statement, ...]]:
    """SQL003 for each text."""
    statements = tuple(shop.statement(text, fingerprint=f"{number:x}" * 16) for number, text in enumerate(texts, 10))
    plan = shop.node("Seq Scan", "customers", Filter="(lower(email) = ?)")
    analysis = shop.analysis(*statements, plans={one.fingerprint: plan for one in statements})
    findings, _ = evaluate(load_rules(), analysis, select=["SQL003"])
    return findings, statements


def left(
    shop: Any, *texts: str, **suppression: Any
) -> tuple[list[tuple[str, ...]], tuple[Suppressed, ...], tuple[Skipped, ...]]:
    findings, statements = judged(shop, *texts)
    given = [Suppression(reason="known", author="Ada", **suppression)] if suppression else []
    kept, told, wrong = suppress(findings, given, statements, load_rules(), TODAY)
    return [finding.statements for finding in kept], told, wrong


@pytest.mark.parametrize(
    ("suppression", "state"),
    [
        ({"rule": "SQL003"}, "active"),
        ({"rule": "function-on-column"}, "active"),
        ({"rule": "sql", "relation": "public.customers"}, "active"),
        ({"relation": "public.customers", "expires": TODAY}, "active"),
        ({"statement": "a" * 16}, "active"),
        ({"rule": "SQL003", "relation": "public.orders"}, "unused"),
        ({"rule": "PLAN001"}, "unused"),
        ({"statement": "f" * 16}, "unused"),
        ({"rule": "SQL003", "expires": date(2026, 11, 24)}, "expired"),
    ],
)
def test_a_finding_is_left_out_when_everything_that_is_named_agrees(
    shop: Any, suppression: dict[str, Any], state: str
) -> None:
    kept, (told,), _ = left(shop, LOWER, **suppression)
    assert told.state == state
    assert kept == ([] if state == "active" else [("a" * 16,)])
    assert bool(told.findings) is (state != "unused")


def test_a_finding_of_two_statements_stays_for_the_other(shop: Any) -> None:
    kept, _, _ = left(shop, LOWER, f"{LOWER} and note = $2", statement="a" * 16)
    assert kept == [("b" * 16,)]


@pytest.mark.parametrize(
    "comment",
    [
        "/* pgtune: ignore SQL003 small team */",
        "/* route=/login pgtune: ignore PLAN001, sql003 small team */",
        "-- pgtune: ignore function-on-column small team\n",
    ],
)
def test_a_comment_in_the_text_is_for_its_statement(shop: Any, comment: str) -> None:
    kept, told, wrong = left(shop, f"{comment} {LOWER}", f"{LOWER} and note = $2")
    assert (kept, wrong) == ([("b" * 16,)], ())
    active = next(item for item in told if item.state == "active")
    assert (active.origin, active.statement, active.reason) == ("comment", "a" * 16, "small team")


def test_what_only_looks_like_a_comment_ignores_nothing(shop: Any) -> None:
    kept, told, _ = left(shop, LOWER + " and note = '/* pgtune: ignore SQL003 */'")
    assert (kept, told) == ([("a" * 16,)], ())


def test_a_comment_that_names_no_rule_is_told(shop: Any) -> None:
    kept, _, wrong = left(shop, f"/* pgtune: ignore SQL03 typo */ {LOWER}")
    assert kept == [("a" * 16,)]
    assert [item.what for item in wrong] == ["a comment in statement " + "a" * 16]
    assert "did you mean 'SQL0" in wrong[0].why

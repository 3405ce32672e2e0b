"""Constants leave the expressions of a plan; everything else stays as EXPLAIN printed it."""

import pytest

from pgtune_cli.explain.redact import redact


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("((status = 'paid'::text) AND (n > 5))", "((status = ?::text) AND (n > ?))"),
        ("(x = ANY ('{1,2}'::bigint[]))", "(x = ANY (?::bigint[]))"),
        ("((a)::numeric(10,2) > 5.5)", "((a)::numeric(10,2) > ?)"),
        ("((a)::character varying(40) = 'it''s'::text)", "((a)::character varying(40) = ?::text)"),
        ("(p = 'x'::public.geometry(Point,4326))", "(p = ?::public.geometry(Point,4326))"),
        (
            "CASE WHEN (a)::boolean THEN (5) ELSE '-1'::integer END",
            "CASE WHEN (a)::boolean THEN (?) ELSE ?::integer END",
        ),
        ("(t > '2020-01-01'::timestamp(3) with time zone)", "(t > ?::timestamp(3) with time zone)"),
        ("(a ~~ E'\\\\_%'::text)", "(a ~~ ?::text)"),
        ('("it\'s 5" = B\'101\'::"bit")', '("it\'s 5" = ?::"bit")'),
        ("((InitPlan 1).col1 = $0)", "((InitPlan 1).col1 = $0)"),
        ("(NOT (alternatives: SubPlan 1 or hashed SubPlan 2))", "(NOT (alternatives: SubPlan 1 or hashed SubPlan 2))"),
        ("(flag AND (deleted IS NULL) AND (ok = true))", "(flag AND (deleted IS NULL) AND (ok = true))"),
        ("SELECT a FROM t WHERE b = 5 -- by 'x'", "SELECT a FROM t WHERE b = ? "),
        ("an 'unterminated text", "?"),
    ],
)
def test_constants_become_question_marks(printed: str, kept: str) -> None:
    assert redact(printed) == kept

"""An argument varies only where nothing can turn it into a constant."""

import pytest

from pgtune_cli.explain.variable import argument
from pgtune_cli.sql.lex import tokens


@pytest.mark.parametrize(
    ("text", "through"),
    [
        ("a", set()),
        ("t.a", set()),
        ('"Odd Schema"."t"."a b"', set()),
        ("(a)::text", set()),
        ("a::numeric(10, 2)[]", set()),
        ('"Name" COLLATE "C"', set()),
        ('lower(a COLLATE pg_catalog."de-x-icu") || 1::text', {"lower"}),
        ("((a)::double precision + 1)", set()),
        ("lower((a)::text)", {"lower"}),
        ("pg_catalog.substr(lower(a), 1, 'x'::text)", {"lower", "substr"}),
    ],
)
def test_columns_vary(text: str, through: set[str]) -> None:
    read = argument(tokens(text))
    assert (read.varies, read.through) == (True, through)


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "'x'", "$1", "x => 5", "x := 5", "coalesce(1, a)", "a + null", "a and false", "a is null",
        "(row(1, 2)).a", "date '2024-01-01'", "timestamp(3) '2024-01-01'", "cast(5 as bigint)", "5 collate \"C\"",
        "case when true then 1 else a end", "array[a]", "(select a)", "current_date", "f(1, null)", "f(a, null)",
        "a collate", "null collate \"C\"",
        "variadic a", "a b", "a.", "(a", "a::", "t.*", "a[1]", "true",
    ],
)  # fmt: skip
def test_nothing_else_is_sure_to(text: str) -> None:
    assert not argument(tokens(text)).varies


@pytest.mark.parametrize(("depth", "varies"), [(50, True), (10_000, False)])
def test_brackets_without_end_are_no_column_and_no_fault(depth: int, varies: bool) -> None:
    assert argument(tokens("(" * depth + "a" + ")" * depth)).varies is varies

"""Arrays that take the place of single values cut none of them."""

import pytest

from pgtune_cli.rewrite.parameters import array_type


@pytest.mark.parametrize(
    ("column", "array"),
    [
        ("integer", "integer[]"),
        ("character varying(10)", "character varying[]"),
        ("character(3)", "bpchar[]"),
        ("numeric(6,2)", "numeric[]"),
        ("numeric(3,-2)", "numeric[]"),
        ("timestamp(0) without time zone", "timestamp without time zone[]"),
        ("interval second(2)", "interval[]"),
        ("bit varying(5)", "bit varying[]"),
        ("bit(3)", None),
        ("public.geometry(Point,4326)", "public.geometry[]"),
        ('"a(b)"', '"a(b)"[]'),
    ],
)
def test_the_array_has_no_length_or_precision(column: str, array: str | None) -> None:
    assert array_type(column) == array

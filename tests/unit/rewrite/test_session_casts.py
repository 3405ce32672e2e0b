"""Which setting of a session decides what an expression gives; checked against pg_cast and pg_operator by hand."""

import pytest

from pgtune_cli.rewrite.session_casts import session_setting

ZONED, PLAIN = "timestamp(3) with time zone", "timestamp without time zone"


@pytest.mark.parametrize(
    ("text", "types", "setting"),
    [
        ("at::date", [ZONED], "TimeZone"),
        ("cast(at as time without time zone)", [ZONED], "TimeZone"),
        ("day::timestamp(0) with time zone", ["date"], "TimeZone"),
        ("at + interval '1 day'", [ZONED], "TimeZone"),
        ("at - gap", [ZONED, "interval"], "TimeZone"),
        ("at::pg_catalog.text", [PLAIN], "DateStyle"),
        ("name::date", ["character varying(20)"], "DateStyle"),
        ("(at AT TIME ZONE 'UTC')::date", [ZONED], None),
        ("at::date", [PLAIN], None),
        ("at::timestamptz(0)", [ZONED], None),
        ("at + interval '1 day'", [PLAIN], None),
        ("at - made", [ZONED], None),
        ("n::text", ["integer"], None),
        ("amount::numeric(10, 2)", ["text"], None),
        ("'open", ["text"], None),
    ],
)
def test_a_cast_that_another_session_computes_otherwise_is_told(
    text: str, types: list[str], setting: str | None
) -> None:
    assert session_setting(text, types) == setting

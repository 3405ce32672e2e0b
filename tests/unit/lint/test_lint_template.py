"""Message templates: what they show, and that nothing else can be reached from them."""

from types import SimpleNamespace
from typing import Any

import pytest

from pgtune_cli.lint.template import Template, TemplateError, compile_template
from pgtune_cli.lint.types import Fact, Type

FACTS = {
    "rows": Fact(name="rows", type=Type.NUMBER, description="rows"),
    "name": Fact(name="name", type=Type.STRING, description="name"),
    "columns": Fact(name="columns", type=Type.STRINGS, description="columns"),
    "valid": Fact(name="valid", type=Type.BOOL, description="valid"),
    "sql_name": Fact(name="sql_name", type=Type.STRING, description="quoted", sql=True),
}
PARAMS = {"limit": Type.NUMBER}


def template(text: str, *, sql: bool = False) -> Template:
    return compile_template(text, "table", FACTS, PARAMS, sql=sql)


def shown(text: str, **facts: Any) -> str:
    return template(text).render(SimpleNamespace(**{**dict.fromkeys(FACTS), **facts}), {"limit": 0.5})


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("{table.rows} rows", {"rows": 1234567}, "1,234,567 rows"),
        ("{table.rows:,}", {"rows": 0.4}, "0"),
        ("{table.rows}", {"rows": 0.456}, "0.46"),
        ("{table.rows:.0f}", {"rows": 12.6}, "13"),
        ("{table.rows:,.1f}", {"rows": 1234.56}, "1,234.6"),
        ("{params.limit:.0%} of", {}, "50% of"),
        ("{table.rows:.1%}", {"rows": 0.99996}, ">99.9%"),
        ("{table.rows:.1%}", {"rows": 1.0}, "100.0%"),
        ("{table.rows:bytes}", {"rows": 900}, "900 bytes"),
        ("{table.rows:bytes}", {"rows": 3 * 1024**3}, "3 GB"),
        ("{table.rows:ms}", {"rows": 7.25}, "7.2 ms"),
        ("{table.rows:ms}", {"rows": 90500}, "90.5 s"),
        ("{table.rows:days}", {"rows": 0.25}, "6 hours"),
        ("{table.rows:days}", {"rows": 1 / 24}, "60 minutes"),
        ("{table.rows:, call}", {"rows": 1}, "1 call"),
        ("{table.rows:, call}", {"rows": 0}, "0 calls"),
        ("{table.rows:, row}", {"rows": 1.46}, "1.5 rows"),
        ("{table.rows:, row}", {"rows": 1.04}, "1 row"),
        ("{table.rows:, batch}", {"rows": 12345.6}, "12,346 batches"),
        ("{table.rows:, call}", {}, "unknown"),
        ("not used in {table.rows:days}", {}, "not used in a time that is not known"),
        ("{table.columns}", {"columns": ("a", "b")}, "a, b"),
        ("{table.columns}", {"columns": tuple("abcdefghij")}, "a, b, c, d, e, f, g, h, …"),
        ("{table.valid}", {"valid": False}, "no"),
        ("{table.name} {table.rows:ms}", {}, "unknown unknown"),
        ("{{literally}}", {}, "{literally}"),
        ("{table.name}", {"name": "x" * 300}, "x" * 200 + "…"),
        ("{table.name}", {"name": "{table.rows} {0.__class__}"}, "{table.rows} {0.__class__}"),
    ],
)
def test_facts_and_parameters_are_shown(text: str, facts: dict[str, Any], expected: str) -> None:
    assert shown(text, **facts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{table.row}", "table has no fact 'row' (did you mean 'rows'?)"),
        ("{params.limits}", "params has no 'limits' (did you mean 'limit'?)"),
        ("{x}", "{x} is neither {table.fact} nor {params.name}"),
        ("{}", "{} is neither {table.fact} nor {params.name}"),
        ("{0}", "{0} is neither {table.fact} nor {params.name}"),
        ("{table}", "{table} is neither {table.fact} nor {params.name}"),
        ("{table.__class__}", "table has no fact '__class__'"),
        ("{table.rows.real}", "{table.rows.real} is neither {table.fact} nor {params.name}"),
        ("{table.columns[0]}", "{table.columns[0]} is neither {table.fact} nor {params.name}"),
        ("{table.name.__class__.__init__.__globals__}", "{table.name.__class__.__init__.__globals__} is neither "),
        ("{table.rows!r}", "conversions such as !r are not allowed"),
        ("{table.rows:>1000000000}", "{table.rows:>1000000000}: the format is none of"),
        ("{table.rows:{params.limit}}", "{table.rows:{params.limit}}: the format is none of"),
        ("{table.rows:.99999f}", "{table.rows:.99999f}: the format is none of"),
        ("{table.name:s}", "{table.name:s} formats a string; only numbers take a format"),
        ("{table.rows", "not a template: expected '}' before end of string"),
        ("x" * 2001, "longer than 2000 characters"),
    ],
)
def test_nothing_else_is_reachable(text: str, expected: str) -> None:
    with pytest.raises(TemplateError) as caught:
        template(text)
    assert str(caught.value).startswith(expected)


def test_sql_takes_quoted_facts_only() -> None:
    with pytest.raises(TemplateError, match="is not quoted for SQL"):
        template("ANALYZE {table.name}", sql=True)
    name = '"' + "t" * 300 + '"'
    rendered = template("ANALYZE {table.sql_name}", sql=True).render(SimpleNamespace(sql_name=name), {})
    assert rendered == f"ANALYZE {name}"

"""The formats of the report: golden files, and texts of a database that try to escape."""

import json
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hostile_report import hostile_report

from pgtune_cli.report.render import render
from pgtune_cli.report.schema import json_schema
from pgtune_cli.sql.lex import TokenKind, tokens


@pytest.mark.parametrize(
    ("name", "format_", "width"),
    [
        ("report_80.txt", "terminal", 80),
        ("report_160.txt", "terminal", 160),
        ("report.md", "markdown", None),
        ("report.json", "json", None),
        ("report.html", "html", None),
        ("indexes.sql", "sql", None),
    ],
)
def test_each_format_is_as_agreed(
    name: str, format_: str, width: int | None, golden: Callable[[str, str], None]
) -> None:
    golden(f"report/{name}", render(hostile_report(), format_, width=width))


@pytest.mark.parametrize("width", [80, 160])
def test_the_terminal_in_colour_is_as_agreed(width: int, golden: Callable[[str, str], None]) -> None:
    coloured = render(hostile_report(), "terminal", colour=True, width=width)
    golden(f"report/report_{width}_colour.txt", coloured)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == render(
        hostile_report(), "terminal", width=width
    ).splitlines()


def test_the_first_screen_stands_alone() -> None:
    """24 lines of 80 columns: how much, what costs most, what to do."""
    report = hostile_report()
    statements = tuple(msgspec.structs.replace(report.statements[0], fingerprint=f"{n:016}") for n in range(40))
    findings = tuple(msgspec.structs.replace(report.findings[0], id=f"f{n}") for n in range(40))
    crowded = msgspec.structs.replace(report, statements=statements, findings=findings)
    screen = render(crowded, "terminal", width=80).splitlines()[:24]
    assert "What costs most" in screen
    assert "What to do, in this order" in screen
    assert screen[-1] == ""
    assert max(map(len, screen)) <= 80


@pytest.mark.parametrize("colour", [False, True])
def test_the_terminal_gets_no_control_character_from_a_text(colour: bool) -> None:
    text = render(hostile_report(), "terminal", colour=colour, width=80)
    own = re.sub(r"\x1b\[[0-9;]*m", "", text) if colour else text
    assert not [character for character in own if ord(character) < 32 and character != "\n"]
    assert "\u202e" not in own


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = render(hostile_report(), "terminal", width=80).splitlines()
    assert max(len(line) for line in lines) <= 80


def test_the_page_holds_no_element_and_no_attribute_of_a_text() -> None:
    class Seen(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[str] = []
            self.attributes: list[tuple[str, str | None]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)
            self.attributes += attrs

    seen = Seen()
    page = render(hostile_report(), "html")
    seen.feed(page)
    assert not {"img", "iframe", "object", "link"} & set(seen.tags)
    assert seen.tags.count("script") == 1
    assert not [name for name, _ in seen.attributes if name == "style"]
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not [
        value for name, value in seen.attributes if name in ("href", "src") and not (value or "").startswith("#")
    ]
    assert "default-src 'none'" in page
    assert "unsafe" not in page


def test_the_script_holds_no_statement_of_a_text() -> None:
    script = render(hostile_report(), "sql")
    words = [token.word for token in tokens(script) if token.kind is TokenKind.WORD]
    assert "table" not in words


def test_the_json_fits_its_schema() -> None:
    schema = json.loads(json_schema("report"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(render(hostile_report(), "json"))
    jsonschema.validate(document, schema)
    assert document["statements"][0]["queryids"] == ["-9223372036854775808"]


def test_markdown_stays_within_a_pull_request_comment() -> None:
    report = hostile_report()
    many = msgspec.structs.replace(report, findings=report.findings * 2_000)
    text = render(many, "markdown")
    assert len(text) <= 65_536
    assert "did not fit" in text

"""The HTML report in a real browser: nothing loaded, run or injected; readable by everybody, also when it is large."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hostile_report import EVIL, hostile_report
from support import browser as chromium
from support.browser import Browser

from pgtune_cli.model.report import Report
from pgtune_cli.report.html import to_html

SAMPLE = Path(__file__).resolve().parents[3] / "sample_reports" / "report.html"
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    why = chromium.missing()
    if why is not None:
        (pytest.fail if os.environ.get("PGTUNE_CI") == "1" else pytest.skip)(f"no browser: {why}")
    with chromium.open_browser() as opened:
        yield opened


def many(number: int) -> Report:
    """The hostile statement, `number` times."""
    report = hostile_report()
    one = report.statements[0]
    statements = tuple(
        msgspec.structs.replace(
            one, fingerprint=f"{place:016x}", calls=place + 1, mean_exec_time_ms=float(number - place),
            query=f"SELECT column_{place} FROM t WHERE s = $1 /* {EVIL} */",
        )
        for place in range(number)
    )  # fmt: skip
    return msgspec.structs.replace(report, statements=statements)


def test_no_text_of_the_database_runs_loads_or_becomes_an_element(browser: Browser, tmp_path: Path) -> None:
    report = hostile_report()
    literal = "'\u202e\u05d0\u05d1 \u0627\u0644" + "x" * 1_000_000 + "'"
    long = msgspec.structs.replace(
        report.statements[0],
        fingerprint="c" * 16,
        query=f"SELECT {literal} /* {EVIL} */",
    )
    page = tmp_path / "hostile.html"
    page.write_text(to_html(msgspec.structs.replace(report, statements=(*report.statements, long))), encoding="utf-8")
    assert page.stat().st_size < 200_000
    browser.look(page)
    browser.run(OPEN_ALL)
    assert browser.complaints() == []
    assert browser.requests() == [page.as_uri()]
    assert browser.run("return document.querySelectorAll('img, iframe, object, embed, base, form').length") == 0
    assert browser.run("return document.scripts.length") == 1
    assert browser.run("return [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes])"
                       ".filter((a) => a.name.startsWith('on') || a.name === 'style').length") == 0  # fmt: skip
    assert "onerror=alert(1)" in browser.run("return document.querySelector('#statement-' + 'a'.repeat(16)).innerText")


def test_the_policy_stops_what_does_not_belong_to_the_page(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "injected.html"
    injected = "<script>document.title = 'run'</script><img src='http://127.0.0.1:9/x.png'></body>"
    page.write_text(to_html(hostile_report()).replace("</body>", injected), encoding="utf-8")
    browser.look(page)
    assert browser.run("return document.title") != "run"
    assert len([one for one in browser.complaints() if "Content Security Policy" in one]) == 2


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1600, False)])
def test_it_fits_and_axe_finds_nothing_serious(browser: Browser, width: int, dark: bool) -> None:
    browser.look(SAMPLE, width=width, height=1000, dark=dark)
    assert browser.run("return document.documentElement.scrollWidth") == width
    assert browser.run("return document.querySelectorAll('figure svg').length") == 4
    browser.run("document.querySelectorAll('.statement').forEach((one, at) => { one.open = at < 3; })")
    browser.run(chromium.AXE.read_text(encoding="utf-8"))
    found = browser.wait("axe.run(document, {resultTypes: ['violations']}).then(arguments[0])")
    bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in bad] == []
    assert browser.complaints() == []


def test_statements_are_filtered_sorted_and_unpacked(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "many.html"
    page.write_text(to_html(many(600)), encoding="utf-8")
    browser.look(page)
    shown = "return [...document.querySelectorAll('.statement:not([hidden])')].map((one) => one.id)"
    browser.run("const f = document.getElementById('filter'); f.value = 'column_599 FROM';"
                "f.dispatchEvent(new Event('input'))")  # fmt: skip
    last = f"statement-{599:016x}"
    browser.wait(
        "const done = arguments[0], look = () => document.querySelectorAll('.statement:not([hidden])').length < 600"
        " ? done() : setTimeout(look, 5); look()"
    )
    assert browser.run(shown) == [last]
    browser.run("const f = document.getElementById('filter'); f.value = ''; f.dispatchEvent(new Event('input'));"
                "const s = document.getElementById('sort'); s.value = '1';"
                "s.dispatchEvent(new Event('change'))")  # fmt: skip
    assert browser.run(shown)[:2] == [last, f"statement-{598:016x}"]
    text = browser.wait(
        "const [id, done] = arguments, row = document.getElementById(id); row.open = true;"
        "const look = () => row.querySelector('.plan') ? done(row.innerText) : setTimeout(look, 20); look()", last,
    )  # fmt: skip
    assert "SELECT column_599" in text
    assert "Seq Scan" in text
    assert browser.complaints() == []
    assert browser.requests() == [page.as_uri()]


def test_a_link_opens_what_it_points_to_and_sql_is_copied_whole(browser: Browser) -> None:
    browser.look(SAMPLE)
    statement = browser.run("return document.querySelector('.top a').getAttribute('href')")
    browser.run("document.querySelector('.top a').click()")
    assert browser.wait("const done = arguments[1], row = document.querySelector(arguments[0]);"
                        "setTimeout(() => done(row.open), 100)", statement)  # fmt: skip
    copied = browser.wait(
        "const done = arguments[0], box = document.querySelector('#index-1 pre');"
        "navigator.clipboard.writeText = async (text) => done([text, box.textContent]);"
        "box.parentElement.querySelector('button').click()"
    )
    assert copied[0] == copied[1]
    assert "CREATE INDEX CONCURRENTLY" in copied[0]


def test_two_hundred_statements_stay_under_a_megabyte() -> None:
    assert len(to_html(many(200)).encode()) < 1_000_000

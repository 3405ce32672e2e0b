"""How soon the HTML report can be used in Chromium: size, time until the page is ready, time to filter, sort, open.

python benchmarks/html_browser.py [STATEMENTS ...]     # 200 and 5000 unless given
"""

import sys
import tempfile
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.browser import open_browser  # noqa: E402

from pgtune_cli.model.report import Report  # noqa: E402
from pgtune_cli.report.html import to_html  # noqa: E402

READY = "const e = performance.getEntriesByType('navigation')[0]; return [e.domInteractive, e.loadEventEnd]"
ACT = """
const [id, value, name, done] = arguments, box = document.getElementById(id), start = performance.now();
const shown = document.getElementById('shown'), was = shown.textContent;
box.value = value;
box.dispatchEvent(new Event(name));
const look = () => name === 'input' && shown.textContent === was ? setTimeout(look, 1)
  : requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
look();
"""
OPEN = """
const done = arguments[0], rows = document.querySelectorAll('.statement'), row = rows[rows.length - 1];
const start = performance.now();
row.open = true;
const look = () => row.querySelector('.plan') ? done(performance.now() - start) : setTimeout(look, 1);
look();
"""


def repeated(number: int) -> Report:
    """The sample report's statements, over and over."""
    report = msgspec.json.decode((ROOT / "sample_reports" / "report.json").read_bytes(), type=Report)
    real = report.statements
    statements = tuple(
        msgspec.structs.replace(real[place % len(real)], fingerprint=f"{place:016x}") for place in range(number)
    )
    return msgspec.structs.replace(report, statements=statements)


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:]] or [200, 5_000]
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        for number in numbers:
            page = Path(folder) / "report.html"
            page.write_text(to_html(repeated(number)), encoding="utf-8")
            browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
            browser.look(page)
            taken = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            work = {one["name"]: one["value"] * 1000 for one in taken}
            interactive, loaded = browser.run(READY)
            filtering = browser.wait(ACT, "filter", "customers lower", "input")
            clearing = browser.wait(ACT, "filter", "", "input")
            sorting = browser.wait(ACT, "sort", "1", "change")
            opening = browser.wait(OPEN)
            scripts = work["ScriptDuration"]
            style = work["LayoutDuration"] + work["RecalcStyleDuration"]
            print(f"{number:,} statements, {page.stat().st_size / 1e6:.2f} MB; complaints {browser.complaints()}")
            print(f"  interactive {interactive:.0f} ms, loaded {loaded:.0f} ms")
            print(f"  processor time {work['TaskDuration']:.0f} ms (scripts {scripts:.0f}, layout {style:.0f})")
            print(f"  filter {filtering:.0f} ms, clear {clearing:.0f} ms, sort {sorting:.0f} ms, open {opening:.0f} ms")


if __name__ == "__main__":
    main()

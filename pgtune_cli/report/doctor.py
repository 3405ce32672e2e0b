"""What `pgtune doctor` prints."""

from collections.abc import Sequence

from pgtune_cli.collect.doctor import Check
from pgtune_cli.report.folded import hanging
from pgtune_cli.report.format import plain, plain_sql
from pgtune_cli.report.json_report import to_json

_COLOURS = {"ok": "32", "warning": "33", "missing": "31;1"}


def render_checks(checks: Sequence[Check], format_: str, *, colour: bool = False) -> str:
    """A check, its remedy indented below in lines that can be copied. `format_`: terminal or json."""
    if format_ == "json":
        return to_json({"kind": "doctor", "schema_version": 1, "checks": list(checks)})
    lines = []
    for check in checks:
        status = f"{check.status:<8}"
        painted = f"\x1b[{_COLOURS[check.status]}m{status}\x1b[0m" if colour else status
        lines += hanging(f"{painted} ", f"{check.name}: {plain(check.detail)}", 9)
        if check.remedy:
            lines += [f"           {line}" for line in plain_sql(check.remedy).splitlines()]
    return "\n".join(lines) + "\n"

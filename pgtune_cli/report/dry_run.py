"""What `pgtune analyze --dry-run` prints."""

from pgtune_cli.model.dry_run import DryRun, Outcome
from pgtune_cli.report.folded import columns, folded, hanging
from pgtune_cli.report.format import number_of, plain
from pgtune_cli.report.headline import headline
from pgtune_cli.report.json_report import to_json

TITLES = {
    Outcome.EXECUTED: "would be executed by EXPLAIN (ANALYZE), read-only, one at a time",
    Outcome.PLANNED: "would be planned only",
    Outcome.SKIPPED: "would not be planned on the server",
}


def render_dry_run(found: DryRun, format_: str, *, colour: bool = False) -> str:
    """One statement a line, its reason below. `format_`: terminal or json."""
    if format_ == "json":
        return to_json(found)
    lines = ["Nothing was executed."]
    for outcome, title in TITLES.items():
        chosen = [one for one in found.statements if one.outcome is outcome]
        if chosen:
            head = folded(f"{number_of(len(chosen), 'statement')} {title}")
            lines += ["", *(f"\x1b[1m{line}\x1b[0m" if colour else line for line in head)]
        for one in chosen:
            lines.append(f"  {one.fingerprint}  {headline(one.query, columns() - 4 - len(one.fingerprint))}")
            if one.reason is not None:
                lines += hanging("      ", plain(one.reason), 6)
    return "\n".join(lines) + "\n"

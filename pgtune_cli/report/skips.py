"""What was skipped, with the rules that lacked the same thing told together."""

import msgspec

from pgtune_cli.model.report import Report
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.report.format import number_of
from pgtune_cli.report.headline import headline

_RULE = "rule "


class RuleNeeds(msgspec.Struct, frozen=True):
    """Rules that could not be judged everywhere, for one reason."""

    need: str
    rules: tuple[Skipped, ...]

    @property
    def told(self) -> str:
        return f"{number_of(len(self.rules), 'rule')} not judged everywhere, for want of {self.need}"


_TEXT = 60
_UNPLANNED = 5
"""statements without a plan that are told one by one"""


def not_planned(report: Report, width: int) -> tuple[str, ...]:
    """Statements without a plan and why, costliest first; `width` columns for each text."""
    without = [one for one in report.statements if one.not_explained and not one.plans]
    lines = [
        f"{headline(one.query, min(width, _TEXT))}: not planned: {one.not_explained}" for one in without[:_UNPLANNED]
    ]
    rest = len(without) - len(lines)
    if rest:
        lines.append(f"not planned: {number_of(rest, 'statement')} more; the other formats name them")
    return tuple(lines)


def grouped(skipped: tuple[Skipped, ...]) -> tuple[tuple[Skipped, ...], tuple[RuleNeeds, ...]]:
    """(what was skipped otherwise, rules by what they lacked)."""
    others: list[Skipped] = []
    needs: dict[str, list[Skipped]] = {}
    for item in skipped:
        need = item.why.partition(": needs ")[2]
        if item.what.startswith(_RULE) and need and item.remedy is None:
            needs.setdefault(need, []).append(item)
        else:
            others.append(item)
    return tuple(others), tuple(RuleNeeds(need, tuple(rules)) for need, rules in sorted(needs.items()))

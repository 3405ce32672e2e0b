"""What was left out of a report by somebody's word, and what came near to a rule, a line each."""

from pgtune_cli.model.finding import NearMiss, Suppressed
from pgtune_cli.report.format import number_of, plain


def suppressed_line(item: Suppressed) -> str:
    """What a suppression speaks of, what became of it, and why it is there."""
    about = " ".join(part for part in (item.rule, item.relation, item.statement) if part)
    by = f", {item.author}" if item.author else ""
    until = f", until {item.expires}" if item.expires and item.state != "expired" else ""
    said = f"({item.reason}{by}{until}; {'in the statement' if item.origin == 'comment' else item.origin})"
    told = number_of(len(item.findings), "finding")
    outcome = {
        "active": f"{told} left out",
        "expired": f"expired on {item.expires}: {told} reported again",
        "unused": "nothing of the kind was found",
    }[item.state]
    return " ".join(plain(f"{about}: {outcome} {said}").split())


def near_miss_line(miss: NearMiss) -> str:
    """The rule, where it nearly held, and the part of its condition that did not."""
    where = " ".join(part for part in (miss.relation, *miss.statements[:1], miss.place) if part)
    return plain(f"{miss.rule} {where}: {miss.unmet} ({miss.value:,.6g} against {miss.threshold:,.6g})")

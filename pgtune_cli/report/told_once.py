"""What every finding of a rule says alike is told with the first of them."""

from collections.abc import Iterable, Iterator

import msgspec

from pgtune_cli.model.finding import Finding


def told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings in their order, without the rule's explanation and the suggestion that stand above already."""
    told: set[tuple[str, str]] = set()

    def again(finding: Finding, text: str) -> bool:
        key = (finding.rule, text)
        known = key in told
        told.add(key)
        return known

    for finding in findings:
        shown = finding
        if finding.why and again(finding, finding.why):
            shown = msgspec.structs.replace(shown, detail=finding.detail.removesuffix(finding.why).rstrip())
        suggestion = finding.suggestion
        if suggestion is not None and suggestion.text and again(finding, suggestion.text):
            shown = msgspec.structs.replace(shown, suggestion=msgspec.structs.replace(suggestion, text=None))
        yield shown

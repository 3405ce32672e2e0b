"""What a machine format shows: one flat list of problems, from a report or from the gate's result."""

import hashlib

import msgspec

from pgtune_cli.model.comparison import CheckResult, Comparison
from pgtune_cli.model.finding import Finding
from pgtune_cli.model.report import Report
from pgtune_cli.report.format import one_line, plain
from pgtune_cli.report.headline import headline
from pgtune_cli.sql.fingerprint import normalise

NO_PLACE = "pgtune.yaml"
"""the formats want a file; a statement whose text was not found in the repository has none."""
DOCS = "https://www.postgresql.org/docs/current/performance-tips.html"
SLOWER, LIMIT = "pgtune-slower", "pgtune-limit"
TITLES = {
    SLOWER: "A statement does more work, or takes longer, than in the baseline",
    LIMIT: "A statement is over a limit",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """stable between runs"""
    rule: str
    rule_title: str
    severity: str
    """info, warning or error"""
    message: str
    """one line"""
    detail: tuple[str, ...] = ()
    statement: str = ""
    """its normalised text, in one line"""
    path: str = NO_PLACE
    line: int = 1
    docs: str | None = None


def of_check(result: CheckResult) -> tuple[Problem, ...]:
    """Those that fail the gate."""
    texts = {one.fingerprint: one for one in result.comparisons}
    found = [_comparison(one) for one in result.comparisons if one.fails]
    for finding in result.findings:
        first = next((texts[key] for key in finding.statements if key in texts), None)
        path, line = place_of(first.place if first else None)
        found.append(
            Problem(
                id=finding.id,
                rule=finding.rule,
                rule_title=finding.rule,
                severity=finding.severity,
                message=one_line(finding.title, 300),
                statement=shown(first.query) if first else "",
                path=path,
                line=line,
            )
        )
    return tuple(found)


def of_report(report: Report) -> tuple[Problem, ...]:
    """Every finding; what is only possible is told as a note."""
    texts = {one.fingerprint: one.query for one in report.statements}
    return tuple(_finding(finding, texts) for finding in report.findings)


def _comparison(one: Comparison) -> Problem:
    rule = SLOWER if one.baseline is not None else LIMIT
    path, line = place_of(one.place)
    return Problem(
        id=hashlib.sha256(f"{rule} {one.fingerprint}".encode()).hexdigest()[:16],
        rule=rule,
        rule_title=TITLES[rule],
        severity="error",
        message=one_line(f"{one.reasons[0] if one.reasons else one.verdict.value}: {shown(one.query)}", 300),
        detail=tuple(one_line(text, 300) for text in (*one.reasons, *one.causes)),
        statement=shown(one.query),
        path=path,
        line=line,
        docs=DOCS,
    )


def _finding(finding: Finding, texts: dict[str, str]) -> Problem:
    first = next((texts[key] for key in finding.statements if key in texts), "")
    return Problem(
        id=finding.id,
        rule=finding.rule,
        rule_title=finding.rule,
        severity="info" if finding.possible else finding.severity.value,
        message=one_line(finding.title, 300),
        detail=tuple(plain(finding.detail).splitlines()[:20]),
        statement=shown(first) if first else "",
        docs=finding.docs,
    )


def shown(query: str) -> str:
    """Without literals: what a machine format holds is read by everybody."""
    return headline(normalise(query), 200)


def place_of(place: str | None) -> tuple[str, int]:
    path, _, line = (place or "").rpartition(":")
    return (path, int(line)) if path and line.isdigit() and int(line) > 0 else (NO_PLACE, 1)

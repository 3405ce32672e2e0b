"""JUnit XML, as CI servers read it (the schema of Jenkins' xUnit plugin): a test case a statement or finding."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pgtune_cli.model.comparison import CheckResult, Comparison, ComparisonVerdict
from pgtune_cli.report.format import plain
from pgtune_cli.report.problems import Problem, of_check, shown

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_to_junit(result: CheckResult) -> str:
    """Every comparison: passed, failed, or skipped where it is undecided or gone."""
    suite = Element("testsuite", name="pgtune check")
    for one in result.comparisons:
        case = SubElement(suite, "testcase", classname="pgtune.statement", name=_name(one))
        if one.fails:
            failure = SubElement(case, "failure", message=_clean("; ".join(one.reasons)), type=one.verdict.value)
            failure.text = _clean("\n".join((*one.reasons, *one.causes)))
        elif one.verdict in (ComparisonVerdict.UNDECIDED, ComparisonVerdict.GONE):
            SubElement(case, "skipped", message=_clean("; ".join((one.verdict.value, *one.reasons))))
    findings = [problem for problem in of_check(result) if any(problem.id == one.id for one in result.findings)]
    _problems(suite, findings)
    return _document(suite)


def to_junit(problems: Sequence[Problem]) -> str:
    """Findings of a report: errors and warnings fail, notes are skipped."""
    suite = Element("testsuite", name="pgtune analyze")
    _problems(suite, problems)
    return _document(suite)


def _problems(suite: Element, problems: Sequence[Problem]) -> None:
    for problem in problems:
        case = SubElement(suite, "testcase", classname=f"pgtune.{problem.rule}", name=_clean(f"{problem.message}"))
        if problem.severity == "info":
            SubElement(case, "skipped", message=_clean(problem.message))
        else:
            failure = SubElement(case, "failure", message=_clean(problem.message), type=problem.rule)
            failure.text = _clean("\n".join((*problem.detail, problem.statement)))


def _document(suite: Element) -> str:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    root = Element("testsuites", name="pgtune")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _name(one: Comparison) -> str:
    return _clean(f"{one.fingerprint} {shown(one.query)}")


def _clean(text: str) -> str:
    """XML 1.0 has no place for most control characters, not even as entities."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", plain(text))

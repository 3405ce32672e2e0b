"""Findings that somebody accepted: by `suppress` in pgtune.yaml, or by a comment in a statement's text.

`/* pgtune: ignore PLAN003 reason */`, or the same behind `--`, is for the statement that it stands in; several rules
are joined by commas. A finding about several statements is left out when it is accepted for each of them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from pgtune_cli.lint.check import near
from pgtune_cli.lint.rule import Rule
from pgtune_cli.lint.selection import matches
from pgtune_cli.model.finding import Finding, Suppressed
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Suppression
from pgtune_cli.sql.lex import TokenKind, TruncatedText, lex

IGNORE = re.compile(r"pgtune:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


def suppress(
    findings: Iterable[Finding],
    suppressions: Sequence[Suppression],
    statements: Iterable[Statement],
    rules: Sequence[Rule],
    today: date,
) -> tuple[tuple[Finding, ...], tuple[Suppressed, ...], tuple[Skipped, ...]]:
    """The findings that remain, what became of each suppression, and the comments that name no rule."""
    by_id = {rule.id: rule for rule in rules}
    sayings = [_of_settings(item, today) for item in suppressions]
    wrong: list[Skipped] = []
    for statement in statements:
        sayings += _of_comments(statement, rules, wrong)
    kept: list[Finding] = []
    hits: list[list[str]] = [[] for _ in sayings]
    for finding in findings:
        left = _apply(finding, sayings, hits, by_id)
        kept += [left] if left is not None else []
    told = [_told(saying, tuple(dict.fromkeys(ids))) for saying, ids in zip(sayings, hits, strict=True)]
    return tuple(kept), tuple(told), tuple(dict.fromkeys(wrong))


def _apply(
    finding: Finding, sayings: Sequence[Suppressed], hits: Sequence[list[str]], rules: dict[str, Rule]
) -> Finding | None:
    """The finding with the statements that nobody accepted it for; None when none is left."""
    remaining = list(finding.statements)
    accepted = False
    for saying, ids in zip(sayings, hits, strict=True):
        if not _speaks_of(saying, finding, rules):
            continue
        ids.append(finding.id)
        if saying.state != "expired":
            accepted = True
            remaining = [name for name in remaining if name != saying.statement] if saying.statement else []
    if not accepted:
        return finding
    return msgspec.structs.replace(finding, statements=tuple(remaining)) if remaining else None


def _speaks_of(saying: Suppressed, finding: Finding, rules: dict[str, Rule]) -> bool:
    rule = rules.get(finding.rule)
    return (
        (saying.rule is None or (rule is not None and matches(rule, saying.rule)))
        and (saying.relation is None or saying.relation == finding.relation)
        and (saying.statement is None or saying.statement in finding.statements)
    )


def _of_settings(item: Suppression, today: date) -> Suppressed:
    expired = item.expires is not None and item.expires < today
    return Suppressed(
        state="expired" if expired else "active", origin="pgtune.yaml", rule=item.rule, relation=item.relation,
        statement=item.statement, reason=item.reason, author=item.author,
        expires=item.expires.isoformat() if item.expires is not None else None,
    )  # fmt: skip


def _of_comments(statement: Statement, rules: Sequence[Rule], wrong: list[Skipped]) -> list[Suppressed]:
    found = []
    for comment in _comments(statement.query):
        ignore = IGNORE.search(comment.removesuffix("*/"))
        for name in re.split(r"\s*,\s*", ignore[1]) if ignore else []:
            if not any(matches(rule, name) for rule in rules):
                known = [word for rule in rules for word in (rule.id, rule.name, rule.area)]
                what = f"a comment in statement {statement.fingerprint}"
                wrong.append(Skipped(what, f"it ignores {name}, which is no rule that runs{near(name.upper(), known)}"))
                continue
            reason = " ".join((ignore[2] or "").split()) if ignore else ""
            found.append(
                Suppressed(state="active", origin="comment", rule=name, statement=statement.fingerprint,
                           reason=reason or "none given")
            )  # fmt: skip
    return found


def _comments(text: str) -> list[str]:
    if "pgtune:" not in text.lower():
        return []
    try:
        found: Sequence[object] = lex(text)
    except TruncatedText as error:
        found = error.tokens
    return [token.text for token in found if getattr(token, "kind", None) is TokenKind.COMMENT]  # type: ignore[attr-defined]


def _told(saying: Suppressed, ids: tuple[str, ...]) -> Suppressed:
    state = "unused" if saying.state == "active" and not ids else saying.state
    return msgspec.structs.replace(saying, state=state, findings=ids)

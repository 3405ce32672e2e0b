"""The SQL of an advisor for a finding that asks for it: a rule names the kind of advice, the advisors make it."""

from collections.abc import Mapping

import msgspec

from pgtune_cli.model.finding import Finding, Suggestion
from pgtune_cli.model.index import ChosenIndex, IndexAdvice
from pgtune_cli.model.rewrite import Rewrite, RewriteStatus
from pgtune_cli.sql.statistics_ddl import is_same_statistics

PATTERNS = ("like", "ilike")
"""kinds of predicates"""


def with_advice(
    finding: Finding, advice: IndexAdvice, rewrites: tuple[Rewrite, ...], roots: Mapping[str, str] | None = None
) -> Finding:
    """The finding; where its suggestion has no SQL, or SQL that was not tried, that of what is advised.

    `roots`: the partitioned table of each partition, which is what an index is advised on.
    """
    suggestion = finding.suggestion
    if suggestion is None or (suggestion.sql is not None and suggestion.kind not in ("statistics", "index")):
        return finding
    advised = None
    if suggestion.kind == "statistics":
        advised = _statistics(finding, suggestion, advice)
    if suggestion.kind == "index":
        advised = _index(finding, suggestion, advice, (roots or {}).get(finding.relation or ""))
    elif suggestion.kind == "rewrite":
        advised = _rewrite(finding, suggestion, rewrites)
    return finding if advised is None else msgspec.structs.replace(finding, suggestion=advised)


def _index(finding: Finding, suggestion: Suggestion, advice: IndexAdvice, root: str | None) -> Suggestion | None:
    """The chosen index on the finding's table that does what its own would; or that serves one of its statements.

    A statement may be served by several: first comes one that starts with a column of the finding's condition.
    """
    facts = finding.evidence.get("facts", {})
    here = [chosen for chosen in advice.chosen if chosen.relation in (finding.relation, root)]
    if suggestion.sql is not None:
        wanted = set(facts.get("columns") or [facts.get("expiry_column")])
        found = [chosen for chosen in here if set(chosen.columns[: len(wanted)]) == wanted and _finds_all(chosen)]
    else:
        named = facts.get("condition_columns", ())
        found = [one for one in here if {item.fingerprint for item in one.statements} & set(finding.statements)]
        found.sort(key=lambda chosen: chosen.columns[0] not in named)
        if facts.get("kind") in PATTERNS:
            found = [one for one in found if _finds_pattern(one, facts.get("written", ""))]
    if not found:
        return None
    return msgspec.structs.replace(suggestion, sql=found[0].sql, rollback_sql=found[0].rollback_sql)


def _finds_pattern(chosen: ChosenIndex, written: str) -> bool:
    """Not only the order that the rows are wanted in, or what else narrows them down."""
    made = chosen.definition
    keys = made.keys if made is not None and (made.method != "btree" or made.keys[-1].opclass) else ()
    return any((key.column or key.expression or "") in written for key in keys)


def _finds_all(chosen: ChosenIndex) -> bool:
    made = chosen.definition
    return made is not None and made.predicate is None and made.method == "btree"


def _statistics(finding: Finding, suggestion: Suggestion, advice: IndexAdvice) -> Suggestion | None:
    """Those that were tried, in place of all kinds over all columns of the condition."""
    for one in advice.statistics:
        seen = {item.fingerprint for item in one.statements}
        if one.relation == finding.relation and seen & set(finding.statements):
            analyze = next(step for step in one.steps if step.startswith("ANALYZE"))
            sql = one.sql if one.sql == analyze else f"{one.sql}; {analyze}"
            return msgspec.structs.replace(suggestion, sql=sql, rollback_sql=one.rollback_sql or None)
    if suggestion.sql is not None and any(
        one.relation == finding.relation and is_same_statistics(suggestion.sql, one.sql) for one in advice.rejected
    ):
        return msgspec.structs.replace(suggestion, sql=None)  # it was tried in vain
    return None


def _rewrite(finding: Finding, suggestion: Suggestion, rewrites: tuple[Rewrite, ...]) -> Suggestion | None:
    """The proven rewrite of the finding's statement."""
    for rewrite in rewrites:
        proven = rewrite.status is RewriteStatus.PROVEN and rewrite.statement in finding.statements
        told = [item.sql for item in rewrite.statements if item.role in ("rewrite", "next_page")]
        if proven and finding.rule == OF_KIND.get(rewrite.kind) and told:
            return msgspec.structs.replace(suggestion, sql=told[0])
    return None


OF_KIND = {"keyset": "SQL001"}
"""which rule a kind of rewrite answers."""

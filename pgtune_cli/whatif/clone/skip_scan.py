"""Plans that only PostgreSQL 18 has: a b-tree searched without a condition on its first key.

The clone is always an 18, and 18 steps from one value of the first key to the next ("skip scan",
https://www.postgresql.org/docs/18/release-18.html). An older source would read the whole index instead,
which is nothing to advise: such a use does not count for it.
"""

from collections.abc import Mapping

from pgtune_cli.explain.derive import walk
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan
from pgtune_cli.sql.lex import TruncatedText, tokens

FIRST_VERSION = 180_000


def skip_scanned(plan: Plan, by_name: Mapping[str, CandidateIndex]) -> frozenset[CandidateIndex]:
    """The b-tree candidates that the plan searches by later keys alone."""
    found = set()
    for placed in walk(plan):
        candidate = by_name.get(placed.node.index_name or "")
        if candidate is None or candidate.method != "btree" or placed.node.index_cond is None:
            continue
        first = candidate.keys[0].column
        if first is not None and first not in _names(placed.node.index_cond):
            found.add(candidate)
    return frozenset(found)


def _names(condition: str) -> set[str | None]:
    try:
        return {token.name for token in tokens(condition)}
    except TruncatedText as cut:
        return {token.name for token in cut.tokens}

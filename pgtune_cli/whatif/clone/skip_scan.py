"""Plans that only PostgreSQL 18 has: a b-tree searched without a condition on its first key.

The clone is always an 18, and 18 steps from one value of the first key to the next ("skip scan",
https://www.postgresql.org/docs/18/release-18.html). An older source would read the whole index instead,
which is nothing to advise: such a use does not count for it.
"""

from collections.abc import Mapping, Sequence

from pgtune_cli.explain.derive import walk
from pgtune_cli.model.catalog import Index, IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.sql.lex import TruncatedText, tokens

FIRST_VERSION = 180_000


def skip_scanned(plan: Plan, by_name: Mapping[str, CandidateIndex]) -> frozenset[CandidateIndex]:
    """The b-tree candidates that the plan searches by later keys alone."""
    found = set()
    for placed in walk(plan):
        candidate = by_name.get(placed.node.index_name or "")
        if candidate is not None and candidate.method == "btree" and _skips(placed.node, candidate.keys):
            found.add(candidate)
    return frozenset(found)


def skip_scanned_indexes(plan: Plan, by_name: Mapping[str, Sequence[Index]]) -> dict[RelationName, Index]:
    """The same of the indexes that exist."""
    found = {}
    for placed in walk(plan):
        for index in by_name.get(placed.node.index_name or "", ()):
            if index.method == "btree" and _skips(placed.node, index.keys):
                found[index.index_name] = index
    return found


def _skips(node: PlanNode, keys: Sequence[IndexKey]) -> bool:
    if node.index_cond is None or len(keys) < 2:
        return False
    names = _names(node.index_cond)
    if keys[0].column is not None:
        return keys[0].column not in names
    return not _names(keys[0].expression or "") <= names


def _names(condition: str) -> set[str | None]:
    """Without the schemas of functions: whether those are printed depends on the search_path."""
    try:
        found = tuple(tokens(condition))
    except TruncatedText as cut:
        found = tuple(cut.tokens)
    after = (*(token.text for token in found[1:]), "")
    return {token.name for token, next_text in zip(found, after, strict=True) if next_text != "."}


def whole_scan_cost(index: Index, settings: Mapping[str, str]) -> float:
    """What the source's planner adds at most for reading all of it, as without a condition on its first key."""
    by_page, by_entry, by_condition = (
        _number(settings.get(name), default)
        for name, default in (
            ("random_page_cost", 4.0),
            ("cpu_index_tuple_cost", 0.005),
            ("cpu_operator_cost", 0.0025),
        )
    )
    pages = index.relpages if index.pages is None else index.pages
    return pages * by_page + (index.reltuples or 0.0) * (by_entry + by_condition)


def _number(text: str | None, default: float) -> float:
    try:
        return default if text is None else float(text)
    except ValueError:
        return default

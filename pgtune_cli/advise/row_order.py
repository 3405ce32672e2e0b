"""In whose order the rows of a plan node come: neighbours in one table that look up neighbours in another are cheap.

Look-ups one after the other in a large table each miss the processor's cache; those of neighbouring keys find the
pages, and the buckets of a hash, that the one before has touched.
"""

from collections.abc import Iterable

from pgtune_cli.advise.plan_tables import PlanTables, inputs
from pgtune_cli.advise.seen_rows import SCANS, aliases
from pgtune_cli.explain.condition_columns import Column, names_in, qualified
from pgtune_cli.model.plan import PlanNode

ENDS = frozenset({"Aggregate", "Append", "WindowAgg", "SetOp", "Hash"})
"""rows of another order, or of one that is not known; a sorted aggregate has few"""


def neighbours(outer: PlanNode, condition: str | None, tables: PlanTables) -> float:
    """The share of the outer rows that come in the order of a column that the condition compares; 0 if not known."""
    below = aliases(outer)
    return max((_of(outer, each, tables) for each in qualified(condition) if each.alias in below), default=0.0)


def _of(node: PlanNode, column: Column, tables: PlanTables) -> float:
    below = inputs(node)
    if node.node_type in SCANS:
        return tables.in_order(node, column.name) if (node.alias or node.relation) == column.alias else 0.0
    if node.node_type in ("Sort", "Incremental Sort"):
        return float(column in _columns(node.sort_key[:1]))
    if node.node_type in ENDS or not below:
        return 0.0
    if node.node_type == "Merge Join" and column in _columns([node.merge_cond]):
        return 1.0
    if column.alias in aliases(below[0]):
        return _of(below[0], column, tables)
    # the other side's rows come as the first side asks for them
    asked = below[1].index_cond if node.node_type == "Nested Loop" else node.hash_cond
    return neighbours(below[0], asked, tables) if column.name in names_in(asked) else 0.0


def _columns(texts: Iterable[str | None]) -> list[Column]:
    return [each for text in texts for each in qualified(text)]

"""What an index serves already, although plans with chosen values do not show it."""

from pgtune_cli.advise.access import Access, accesses
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import Index
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.shape import PredicateKind

FEW_BLOCKS = 256
"""a call; two ranges of a BRIN index of the default size"""
SMALL_PART = 0.05
"""of the table's blocks: a call that reads fewer did not read the table"""


def served(item: Item, access: Access, facts: Facts) -> bool:
    """Whether calls read few blocks of a table with a partial or BRIN index over what they compare.

    pg_stat_statements hides the constant that a partial index waits for, and how short a range is: plans with other
    values scan the whole table, which the measured calls did not.
    """
    statement = item.statement
    if facts.snapshot.workload.source != "pg_stat_statements" or statement.samples or not statement.calls:
        return False
    blocks = (statement.shared_blks_hit + statement.shared_blks_read) / statement.calls
    if not 0 < blocks <= min(FEW_BLOCKS, SMALL_PART * facts.pages(access.table)):
        return False
    hidden = {
        predicate.column.column
        for predicate in access.constants
        if predicate.column is not None and predicate.kind is PredicateKind.EQ and predicate.operand.parameters
    }
    ranges = {key.column for key in access.ranges if key.column is not None}
    return any(_waits_for(index, hidden, ranges) for index in facts.indexes.get(access.table, ()) if index.valid)


def wholly_served(item: Item, facts: Facts) -> bool:
    """Whether that holds for every table that the statement reads: what its plans would save is not there to save."""
    found = list(accesses(item.shape, facts)) if item.shape is not None else []
    tables = {access.table for access in found if served(item, access, facts)}
    return bool(found) and all(access.table in tables for access in found)


def _waits_for(index: Index, hidden: set[str], ranges: set[str]) -> bool:
    if index.method == "brin":
        return any(key.column in ranges for key in index.keys)
    return index.predicate is not None and not hidden.isdisjoint(_names(index.predicate))


def _names(predicate: str) -> set[str]:
    try:
        return {token.name for token in tokens(predicate) if token.name is not None}
    except TruncatedText:
        return set()

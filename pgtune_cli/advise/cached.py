"""Whether the planner takes cached pages for random reads of a disk: its costs are no times, and that comes first."""

from collections.abc import Iterable

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item
from pgtune_cli.model.catalog import RelationName

ALL_CACHED = 0.99
FEWEST_BLOCKS = 10_000
DEAR = 4.0
"""times a sequential page: the default, of spinning disks"""


def cached_note(items: Iterable[Item], facts: Facts) -> str | None:
    """What to decide before any index, in a sentence; None where pages are read, or random ones are not dear."""
    random, in_a_row = facts.setting("random_page_cost", 4.0), facts.setting("seq_page_cost", 1.0)
    share = hit_share(list(items), facts)
    if share is None or share < ALL_CACHED or random < DEAR * in_a_row:
        return None
    return (
        f"{share:.1%} of the blocks were found in shared_buffers, and random_page_cost is {random:g}: the "
        "planner shuns index scans for seeks that do not happen here. Decide on that setting first (pgtune explain "
        "--set random_page_cost=1.1 shows a statement's plan with another), then ask again: the indexes advised are "
        "those for the setting as it is."
    )


def hit_share(items: list[Item], facts: Facts) -> float | None:
    """By the statements' own counters, else by those of the tables that they read; None where too little is known."""
    hit = sum(item.statement.shared_blks_hit for item in items)
    read = sum(item.statement.shared_blks_read for item in items)
    if hit + read < FEWEST_BLOCKS:
        tables: set[RelationName] = set().union(*(item.relations for item in items))
        usages = [usage for table in tables if (usage := facts.usage.get(table)) is not None]
        hit = sum(usage.blks_hit or 0 for usage in usages)
        read = sum(usage.blks_read or 0 for usage in usages)
    return hit / (hit + read) if hit + read >= FEWEST_BLOCKS else None

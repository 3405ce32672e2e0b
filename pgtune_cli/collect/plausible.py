"""What no database can hold, and what works on a snapshot relies on: trees that end, tables that are not too wide."""

from collections.abc import Iterable, Mapping

from pgtune_cli.model.catalog import Catalog, RelationName

MAX_COLUMNS = 1664
"""of a table 1600, of a view's list as many as a SELECT may have"""
MAX_LEVELS = 100
"""of partitions, or of members of roles: far more than anyone has"""


def implausible(catalog: Catalog) -> str | None:
    """What of the catalog cannot be, in words."""
    for relation in catalog.relations:
        if len(relation.columns) > MAX_COLUMNS:
            return f"a table has {len(relation.columns)} columns"
    if not all(index.keys for index in catalog.indexes):
        return "an index has no columns"
    partitions = {one.relation_name: [one.partition_of] for one in catalog.relations if one.partition_of}
    heirs = {one.relation_name: one.inherits for one in catalog.relations if one.inherits}
    indexes = {one.index_name: [one.partition_of] for one in catalog.indexes if one.partition_of}
    for what, parents in (("partitioning", partitions), ("inheritance", heirs), ("partitioning of indexes", indexes)):
        if not _ends(parents):
            return f"{what} that goes round in a circle, or too deep"
    return None


def _ends(parents: Mapping[RelationName, Iterable[RelationName]]) -> bool:
    """Whether nothing is its own ancestor: level by level from those without parents, all are reached."""
    waiting = {name: set(above) & parents.keys() for name, above in parents.items()}
    for _ in range(MAX_LEVELS):
        done = {name for name, above in waiting.items() if not above & waiting.keys()}
        if not done:
            break
        waiting = {name: above for name, above in waiting.items() if name not in done}
    return not waiting

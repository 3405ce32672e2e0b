"""How much of its type's range an integer column has used."""

from typing import Any

from pgtune_cli.explain.pg_array import parse_array
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import Column, Relation
from pgtune_cli.model.snapshot import ColumnStatistics

LARGEST = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def integer_range(world: World, relation: Relation, column: Column) -> dict[str, Any]:
    """The facts used_range, used_range_source and days_to_full."""
    largest = LARGEST.get(column.type)
    if largest is None:
        return {"used_range": 0.0, "used_range_source": "", "days_to_full": None}
    sequence = world.sequences.get((relation.relation_name, column.name))
    position = sequence.last_value if sequence is not None and sequence.increment > 0 else None
    seen = _largest_seen(world.column_statistics(relation.relation_name, column.name))
    known = [value for value in (position, seen) if value is not None]
    if not known:
        return {"used_range": None, "used_range_source": "", "days_to_full": None}
    reached = max(known)
    return {
        "used_range": max(reached / largest, 0.0),
        "used_range_source": "sequence" if position is not None and reached == position else "statistics",
        "days_to_full": _days(world, relation, largest - reached) if position is not None else None,
    }


def _largest_seen(found: ColumnStatistics | None) -> int | None:
    """Statistics hold a sample: the largest value may be larger."""
    if found is None:
        return None
    texts = [*(parse_array(found.histogram_bounds) or []), *(parse_array(found.most_common_vals) or [])]
    numbers = [int(text) for text in texts if text is not None and text.lstrip("-").isdigit()]
    return max(numbers, default=None)


def _days(world: World, relation: Relation, left: int) -> float | None:
    usage, days = world.usage.get(relation.relation_name), world.snapshot.usage.days
    return left * days / usage.n_tup_ins if usage is not None and usage.n_tup_ins and days else None

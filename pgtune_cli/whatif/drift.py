"""What the planner has learnt since 13, where two plans of one statement show it.

The clone is of one version, whatever the source is: these changes of the planner have no setting that undoes them.
Each is in the release notes of the version that it came with, https://www.postgresql.org/docs/release/.
"""

from collections.abc import Callable

import msgspec

from pgtune_cli.explain.derive import SUB, shape_of, walk
from pgtune_cli.model.plan import Plan, PlanNode

DISABLE_COST = 1e10
SKIP_SCAN = "steps from one value of an index's first column to the next (skip scan)"
SKIPS = f"since 18 the planner {SKIP_SCAN}"
GATHERS = {"Gather", "Gather Merge"}


class Traits(msgspec.Struct, frozen=True):
    """What of a plan tells the versions apart."""

    shape: tuple[str, ...]
    total_cost: float
    kinds: frozenset[str]
    joins: frozenset[str]
    """`Hash Join Right Anti`, `Parallel Hash Join Full`."""
    subplans: int
    partial: bool
    """an aggregate is made in parts."""
    conditions: str
    hashed: bool
    """it groups by hashing."""
    searches: bool
    """an index by more than one condition."""


class Change(msgspec.Struct, frozen=True):
    since: int
    what: str
    shows: Callable[[Traits, Traits], bool]
    """of the older version's plan and the newer one's."""


CHANGES = (
    Change(
        18,
        "counts what enable_… switches off, where earlier versions add 10000000000 to its cost",
        lambda old, new: old.total_cost >= DISABLE_COST > new.total_cost,
    ),
    Change(
        16,
        "can build the hash of an anti join from its outer side (Right Anti Join)",
        lambda old, new: _new_join(old, new, "Right Anti"),
    ),
    Change(
        18,
        "can build the hash of a semi join from its outer side (Right Semi Join)",
        lambda old, new: _new_join(old, new, "Right Semi"),
    ),
    Change(
        16,
        "can run full and right hash joins in parallel",
        lambda old, new: any(
            join.startswith("Parallel Hash Join") and join.endswith(("Full", "Right")) for join in new.joins - old.joins
        ),
    ),
    Change(18, "reads the two inputs of INTERSECT and EXCEPT apart", lambda old, new: "SetOp" in old.kinds | new.kinds),
    Change(
        17,
        "turns more IN subqueries into joins",
        lambda old, new: old.subplans > new.subplans and bool(new.joins - old.joins),
    ),
    Change(
        18,
        "turns OR over one column, and IN (VALUES …), into = ANY",
        lambda old, new: "ANY (" in new.conditions and ("ANY (" not in old.conditions or "Values Scan" in old.kinds),
    ),
    Change(
        18,
        "sorts the input of a merge join in parts",
        lambda old, new: {"Merge Join", "Incremental Sort"} <= new.kinds and "Incremental Sort" not in old.kinds,
    ),
    Change(17, "can merge the sorted inputs of UNION", lambda old, new: "Merge Append" in new.kinds - old.kinds),
    Change(14, "reads ranges of ctid as such", lambda old, new: "Tid Range Scan" in new.kinds - old.kinds),
    Change(
        18,
        "counts the leader's share of the rows that a Gather collects, which makes aggregates in parts dearer",
        lambda old, new: (
            bool(GATHERS & (old.kinds | new.kinds))
            and (old.partial or new.partial)
            and (old.shape != new.shape or new.total_cost >= old.total_cost)
        ),
    ),
    Change(
        14,
        "plans UPDATE and DELETE of a partitioned table or one with heirs as one statement",
        lambda old, new: "ModifyTable" in old.kinds & new.kinds and "Append" in old.kinds ^ new.kinds,
    ),
    Change(
        18,
        "takes the groups of a HashAggregate for smaller",
        lambda old, new: new.hashed and not old.hashed,
    ),
    Change(15, "can run DISTINCT in parallel", lambda old, new: bool(GATHERS & new.kinds) and not GATHERS & old.kinds),
    Change(
        14,
        "has extract() as numeric, not as date_part",
        lambda old, new: "date_part(" in old.conditions and "EXTRACT(" in new.conditions,
    ),
    Change(
        17,
        "leaves out IS NOT NULL on a column that is NOT NULL",
        lambda old, new: "IS NOT NULL" in old.conditions and "IS NOT NULL" not in new.conditions,
    ),
    Change(
        17,
        "counts what a Merge Append reads before its first row once",
        lambda old, new: "Merge Append" in old.kinds & new.kinds and new.total_cost < old.total_cost,
    ),
    Change(
        16,
        "leaves out the cost of a subquery that only passes rows on",
        lambda old, new: "Recursive Union" in old.kinds & new.kinds and new.total_cost < old.total_cost,
    ),
    Change(
        17, "estimates from the statistics behind a WITH query", lambda old, new: "CTE Scan" in old.kinds | new.kinds
    ),
    Change(
        14,
        "counts the work that aggregates share, such as sum and avg of one column, once",
        lambda old, new: "Aggregate" in old.kinds & new.kinds,
    ),
    Change(
        16,
        "leaves out the cost of a subquery that only passes rows on",
        lambda old, new: old.joins == new.joins and "Aggregate" in old.kinds & new.kinds,
    ),
    Change(
        18,
        SKIP_SCAN,
        lambda old, new: new.searches and new.total_cost < old.total_cost,
    ),
)
"""What changes a plan's shape first, then what changes its cost."""


def drift(source: Plan, clone: Plan, major: int, of_clone: int) -> str | None:
    """What the clone's version does that the source's does not, in words; None where nothing of it is seen."""
    older, newer = _traits(source), _traits(clone)
    for change in CHANGES:
        if major < change.since <= of_clone and change.shows(older, newer):
            return f"since {change.since} the planner {change.what}"
    return None


def conditions_of(plan: Plan) -> str:
    """What its nodes compare, sort and group by."""
    return "\n".join(text for placed in walk(plan) for text in _conditions(placed.node))


def _new_join(old: Traits, new: Traits, kind: str) -> bool:
    return any(join.endswith(kind) for join in new.joins - old.joins)


def _traits(plan: Plan) -> Traits:
    nodes = [placed.node for placed in walk(plan)]
    return Traits(
        shape=shape_of(plan),
        total_cost=plan.total_cost,
        kinds=frozenset(node.node_type for node in nodes),
        joins=frozenset(_join(node) for node in nodes if node.join_type is not None),
        subplans=sum(node.parent_relationship == SUB for node in nodes),
        partial=any(node.extra.get("Partial Mode") in ("Partial", "Finalize") for node in nodes),
        conditions=conditions_of(plan),
        hashed=any(node.strategy == "Hashed" for node in nodes),
        searches=any(" AND " in (node.index_cond or "") for node in nodes),
    )


def _join(node: PlanNode) -> str:
    parallel = "Parallel " if node.extra.get("Parallel Aware") is True else ""
    return f"{parallel}{node.node_type} {node.join_type}"


def _conditions(node: PlanNode) -> list[str]:
    texts = (node.filter, node.index_cond, node.recheck_cond, node.hash_cond, node.merge_cond, node.join_filter)
    return [text for text in texts if text is not None] + [*node.sort_key, *node.group_key]

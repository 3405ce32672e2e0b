"""Facts of a statement whose plan depends on its values, or on whether the server looks at them at all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import mean
from typing import Annotated, Any

import msgspec

from pgtune_cli.explain.derive import relations_used, walk
from pgtune_cli.lint.subject import known
from pgtune_cli.lint.world import World
from pgtune_cli.model.plan import PlanNode, StatementPlan
from pgtune_cli.model.statement import RARELY_ASKED, SEEN_ORIGINS, Statement
from pgtune_cli.sql.shape import PredicateKind, Shape, Use

PLANNING_COST = 2.5
"""what the server adds for planning, a relation: 1000 x cpu_operator_cost (choose_custom_plan in plancache.c)."""
WAYS_SHOWN = 3
KNOWN_VALUES = (PredicateKind.EQ, PredicateKind.IN, PredicateKind.NOT_EQ, PredicateKind.NOT_IN, PredicateKind.IS_NULL)
JOINS = {"Nested Loop", "Hash Join", "Merge Join"}


class PlanFlips(msgspec.Struct, frozen=True, kw_only=True):
    """Plans of one statement beside each other; numbers are 1 where there is nothing to compare."""

    value_cost_ratio: Annotated[float | None, known("of two plans for values that occur which read or join otherwise: "
                                                    "the larger cost over the smaller; 1 where all agree",
                                                    need="literals")]  # fmt: skip
    value_cost_gap: Annotated[float | None, known("the difference of those costs", need="literals")]
    dear_values: Annotated[str, known("which values have the dearer of the two: common, typical, …")]
    dear_plan: Annotated[str, known("what that plan does and the other does not")]
    cheap_values: Annotated[str, known("which values have the cheaper one")]
    cheap_plan: Annotated[str, known("what that plan does and the other does not")]
    generic_is_used: Annotated[bool | None, known("a prepared statement would get the generic plan from its sixth "
                                                  "execution on: by plan_cache_mode, or as it costs no more than the "
                                                  "custom ones", need="literals")]  # fmt: skip
    generic_cost_ratio: Annotated[float | None, known("cost of the generic plan beside the custom one of other ways "
                                                      "that it differs most from: the larger over the smaller",
                                                      need="literals")]  # fmt: skip
    generic_cost_gap: Annotated[float | None, known("the difference of those costs", need="literals")]
    generic_cost: Annotated[float | None, known("cost of the generic plan", need="literals")]
    generic_plan: Annotated[str, known("what it does and that custom plan does not")]
    custom_values: Annotated[str, known("the values of that custom plan")]
    custom_cost: Annotated[float | None, known("cost of that custom plan", need="literals")]
    custom_plan: Annotated[str, known("what it does and the generic plan does not")]


def plan_flips(world: World, statement: Statement) -> dict[str, Any]:
    """The facts by name."""
    plans = world.all_plans(statement.fingerprint)
    custom = [plan for plan in plans if plan.parameters.name not in RARELY_ASKED]
    if not _told_by_statistics(world.shape(statement)):
        # how wide a range is, and how deep a page, is guessed: only what was really asked for can be held against it
        custom = [plan for plan in custom if plan.parameters.origin in SEEN_ORIGINS]
    generic = next((plan for plan in plans if plan.parameters.name == "generic"), None)
    facts: dict[str, Any] = dict.fromkeys(PlanFlips.__struct_fields__, None)
    facts |= dict.fromkeys(("dear_values", "dear_plan", "cheap_values", "cheap_plan"), "")
    facts |= dict.fromkeys(("generic_plan", "custom_values", "custom_plan"), "")
    if custom:
        facts |= _between_values(custom)
    if custom and generic is not None:
        facts |= _generic(custom, generic, world.snapshot.server.settings.get("plan_cache_mode", "auto"))
    return facts


def _told_by_statistics(shape: Shape | None) -> bool:
    """Whether every value that decides on the plan is one that a column is known to have."""
    if shape is None:
        return False
    return all(
        use.kind in KNOWN_VALUES if use.use is Use.PREDICATE else use.use not in (Use.DERIVED, Use.OFFSET)
        for use in shape.parameters
    )


def _between_values(custom: Sequence[StatementPlan]) -> dict[str, Any]:
    pair = _farthest(combinations(custom, 2))
    if pair is None:
        return {"value_cost_ratio": 1.0, "value_cost_gap": 0.0}
    cheap, dear = sorted(pair, key=lambda plan: plan.total_cost)
    return {
        "value_cost_ratio": _ratio(cheap, dear),
        "value_cost_gap": dear.total_cost - cheap.total_cost,
        "dear_values": dear.parameters.name,
        "dear_plan": _difference(dear, cheap),
        "cheap_values": cheap.parameters.name,
        "cheap_plan": _difference(cheap, dear),
    }


def _generic(custom: Sequence[StatementPlan], generic: StatementPlan, mode: str) -> dict[str, Any]:
    planning = PLANNING_COST * (len(relations_used(generic.plan)) + 1)
    average = mean(plan.total_cost for plan in custom) + planning
    chosen = generic.total_cost < average
    used = {"force_generic_plan": True, "force_custom_plan": False}.get(mode, chosen)
    facts: dict[str, Any] = {"generic_is_used": used, "generic_cost": generic.total_cost}
    pair = _farthest((plan, generic) for plan in custom)
    if pair is None:
        return {**facts, "generic_cost_ratio": 1.0, "generic_cost_gap": 0.0, "custom_cost": custom[0].total_cost}
    plan = pair[0]
    return facts | {
        "generic_cost_ratio": _ratio(plan, generic),
        "generic_cost_gap": abs(generic.total_cost - plan.total_cost),
        "generic_plan": _difference(generic, plan),
        "custom_values": plan.parameters.name,
        "custom_cost": plan.total_cost,
        "custom_plan": _difference(plan, generic),
    }


def _farthest(pairs: Iterable[tuple[StatementPlan, StatementPlan]]) -> tuple[StatementPlan, StatementPlan] | None:
    """The pair of different ways whose costs are farthest apart."""
    differ = [(one, two) for one, two in pairs if _ways(one) != _ways(two)]
    return max(differ, key=lambda pair: _ratio(*pair), default=None)


def _ratio(one: StatementPlan, two: StatementPlan) -> float:
    low, high = sorted((one.total_cost, two.total_cost))
    return high / max(low, 0.01)


def _difference(one: StatementPlan, other: StatementPlan) -> str:
    """The ways of one plan that the other has not."""
    own = _ways(one) - _ways(other)
    return ", ".join(list(own)[:WAYS_SHOWN]) or "fewer of them"


def _ways(made: StatementPlan) -> Counter[str]:
    """How tables are read and joined. Workers, bitmaps, directions and sorts are the same way in another size."""
    return Counter(way for placed in walk(made.plan) if (way := _way(placed.node)) is not None)


def _way(node: PlanNode) -> str | None:
    if node.index_name is not None:
        return f"an index scan of {node.index_name}"
    if node.node_type == "Seq Scan":
        return f"a Seq Scan on {node.relation}"
    if node.node_type in JOINS:
        return f"a {node.node_type}"
    return None

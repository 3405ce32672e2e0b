"""Facts of plans, and the subjects that plans and their nodes are."""

from collections.abc import Iterator
from functools import cached_property, partial

from pgtune_cli.explain.condition_columns import columns_in
from pgtune_cli.lint.lazy import LazyFacts, fact
from pgtune_cli.lint.measured_rows import comparable_rows
from pgtune_cli.lint.node_facts import ANALYZE, BUFFERS, HowManyRows, WhatItCosts, WhatItIs, WhatItReads
from pgtune_cli.lint.node_inputs import NestedLoopInputs, ParallelWork, Partitions, RepeatedInputs
from pgtune_cli.lint.node_memory import HowMuchMemory
from pgtune_cli.lint.plan_view import PlanView, views
from pgtune_cli.lint.statistics_sql import missing_statistics_sql
from pgtune_cli.lint.subject import Subject
from pgtune_cli.lint.world import World
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import TriggerTime
from pgtune_cli.model.statement import Statement


class PlanNodeFacts(
    ParallelWork, Partitions, RepeatedInputs, NestedLoopInputs, HowMuchMemory, WhatItReads, WhatItCosts, HowManyRows,
    WhatItIs,
):  # fmt: skip
    """One node of a plan. What a kind of node does not have is 0 once the plan was executed, not unknown."""


class PlanBase(LazyFacts):
    """A plan of a statement."""

    def __init__(self, view: PlanView) -> None:
        self.view, self.made = view, view.made

    def lost(self, name: str, error: Exception) -> None:
        self.view.lost(name, error)


class PlanCosts(PlanBase):
    @fact("server, clone or snapshot")
    def source(self) -> str:
        return self.made.source

    @fact("made with ANALYZE")
    def executed(self) -> bool:
        return self.made.executed

    @fact("the planner's cost")
    def total_cost(self) -> float:
        return self.made.total_cost

    @fact("of this execution", need=ANALYZE)
    def execution_time_ms(self) -> float | None:
        return self.made.execution_time_ms

    @fact("of this execution", need=ANALYZE)
    def planning_time_ms(self) -> float | None:
        return self.made.plan.planning_time_ms if self.made.executed else None

    @fact("the shortest planning of the statement, over all values it was planned with: the first also reads the "
          "catalog", need=ANALYZE)  # fmt: skip
    def least_planning_time_ms(self) -> float | None:
        made = self.view.world.all_plans(self.view.statement.fingerprint)
        times = [plan.plan.planning_time_ms for plan in made if plan.plan.planning_time_ms is not None]
        return min(times, default=None) if self.made.executed else None

    @fact("time spent compiling; null when nothing was compiled", need=ANALYZE)
    def jit_time_ms(self) -> float | None:
        """An executed plan that says nothing of JIT compiled nothing."""
        found = self.made.plan.jit_time_ms
        return found if found is not None or not self.made.executed else 0.0

    @fact("compiling as a fraction of the execution", need=ANALYZE)
    def jit_share(self) -> float | None:
        jit, ran = self.made.plan.jit_time_ms, self.made.execution_time_ms
        return jit / ran if jit is not None and ran else self.jit_time_ms

    @fact("shared blocks hit and read", need=BUFFERS)
    def blocks(self) -> float | None:
        return self.made.blocks

    @fact("how many nodes it has")
    def nodes(self) -> int:
        return len(self.view.nodes)

    @fact("how often the statement was called")
    def calls(self) -> float:
        return self.view.statement.calls


class PlanTriggers(PlanBase):
    """Of plans of writes, which pgtune never executes: they come from saved plans and from auto_explain."""

    @cached_property
    def slowest(self) -> TriggerTime | None:
        return max(self.made.plan.triggers, key=lambda trigger: trigger.time_ms, default=None)

    @fact("time in triggers, those of foreign keys included", need=ANALYZE)
    def trigger_time_ms(self) -> float | None:
        return sum(trigger.time_ms for trigger in self.made.plan.triggers) if self.made.executed else None

    @fact("that time as a fraction of the execution", need=ANALYZE)
    def trigger_share(self) -> float | None:
        ran = self.made.execution_time_ms
        return self.trigger_time_ms / ran if ran and self.trigger_time_ms is not None else None

    @fact("the trigger that took longest, or the constraint it serves; empty without any")
    def slowest_trigger(self) -> str:
        return (self.slowest.constraint or self.slowest.name) if self.slowest is not None else ""

    @fact("how often that trigger ran", need=ANALYZE)
    def slowest_trigger_calls(self) -> float | None:
        return self.slowest.calls if self.slowest is not None else None

    @fact("that trigger keeps a foreign key")
    def slowest_trigger_is_foreign_key(self) -> bool:
        return self.slowest is not None and self.slowest.name.startswith("RI_ConstraintTrigger")


class PlanEstimates(PlanBase):
    @fact("the most rows that the planner expected of the statement, over all values it was planned with, the most "
          "common ones included")  # fmt: skip
    def largest_plan_rows(self) -> float:
        return max(plan.plan.root.plan_rows for plan in self.view.world.all_plans(self.view.statement.fingerprint))

    @fact("rows a call returned on average, where the text compares parameters by equality only; null elsewhere",
          need="workload")  # fmt: skip
    def measured_rows(self) -> float | None:
        statement = self.view.statement
        return statement.rows / statement.calls if comparable_rows(statement, self.view.world) else None

    @fact("measured over planned rows, both at least 1; null as above", need="workload")
    def measured_q_error(self) -> float | None:
        measured = self.measured_rows
        return max(measured, 1.0) / max(self.largest_plan_rows, 1.0) if measured is not None else None

    @cached_property
    def compared_together(self) -> tuple[RelationName | None, tuple[str, ...]]:
        """The scan with the most compared columns; none with fewer than two."""
        found: tuple[RelationName | None, tuple[str, ...]] = (None, ())
        world = self.view.world
        for placed in self.view.nodes.values():
            name = world.relation_of(placed.node)
            columns = columns_in(placed.node, world.relations.get(name)) if name is not None else ()
            if len(columns) > max(len(found[1]), 1):
                found = (name, columns)
        return found

    @fact("columns of one table that one scan compares together")
    def correlated_columns(self) -> tuple[str, ...]:
        return self.compared_together[1]

    @fact("that table")
    def correlated_table(self) -> str | None:
        name = self.compared_together[0]
        return str(name) if name is not None else None

    @fact("CREATE STATISTICS over them; null when they are covered", sql=True)
    def statistics_sql(self) -> str | None:
        return missing_statistics_sql(self.view.world, *self.compared_together)


class PlanFacts(PlanEstimates, PlanTriggers, PlanCosts):
    """One plan of a statement."""


def plan_nodes(world: World, statement: Statement) -> Iterator[Subject]:
    """Every node of the plans to judge of a statement."""
    for view in views(world, statement):
        for placed in view.nodes.values():
            facts = PlanNodeFacts(view, placed)
            yield Subject(
                facts=facts,
                relation=str(facts.table) if facts.table is not None else None,
                statements=(statement.fingerprint,),
                place=f"{view.made.parameters.name} {placed.path}",
            )


def plans(world: World, statement: Statement) -> Iterator[Subject]:
    """The plans to judge of a statement."""
    for view in views(world, statement):
        facts = PlanFacts(view)
        yield Subject(
            facts=facts, statements=(statement.fingerprint,), place=view.made.parameters.name,
            find_relation=partial(getattr, facts, "correlated_table"),
        )  # fmt: skip

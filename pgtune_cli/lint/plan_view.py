"""A plan of a statement as its facts see it: what is derived of the whole plan is derived once."""

from collections.abc import Iterator
from functools import cached_property

from pgtune_cli.explain.derive import PlacedNode, stopped_early, walk
from pgtune_cli.explain.exclusive import NodeNumbers, exclusive
from pgtune_cli.lint.world import World
from pgtune_cli.model.plan import PlanNode, StatementPlan
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement


class PlanView:
    """One plan with its statement."""

    def __init__(self, world: World, statement: Statement, made: StatementPlan) -> None:
        self.world, self.statement, self.made = world, statement, made

    @cached_property
    def nodes(self) -> dict[str, PlacedNode]:
        """By path, parents first."""
        return {placed.path: placed for placed in walk(self.made.plan)}

    @cached_property
    def numbers(self) -> dict[str, NodeNumbers]:
        return exclusive(self.made.plan)

    @cached_property
    def stopped(self) -> frozenset[str]:
        return stopped_early(self.made.plan)

    def ancestors(self, placed: PlacedNode) -> Iterator[PlanNode]:
        """The nodes above, nearest first."""
        while placed.parent is not None:
            placed = self.nodes[placed.parent]
            yield placed.node

    def there(self, value: float | None) -> float | None:
        """EXPLAIN ANALYZE leaves out what a node does not have."""
        return 0.0 if value is None and self.made.executed else value

    def setting(self, name: str) -> str | None:
        """The setting that the plan was made with; EXPLAIN (SETTINGS) prints those that are not the default."""
        printed = {**self.made.settings, **self.made.plan.settings}
        return printed.get(name, self.world.snapshot.server.settings.get(name))

    def lost(self, name: str, error: Exception) -> None:
        """A fact could not be computed."""
        why = f"its fact {name} could not be computed: {type(error).__name__}: {error}"
        self.world.skipped.append(Skipped(f"a plan of statement {self.statement.fingerprint}", why))


def below(node: PlanNode) -> Iterator[PlanNode]:
    """The node and all under it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def number_in(node: PlanNode, key: str) -> float | None:
    """A number under a key that pgtune has no field for."""
    value = node.extra.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def times(per_loop: float | None, node: PlanNode) -> float | None:
    """EXPLAIN averages rows over the loops, and leaves out what is 0."""
    return None if node.loops is None else (per_loop or 0.0) * node.loops


def views(world: World, statement: Statement) -> list[PlanView]:
    """The plans to judge of a statement."""
    return world.once(
        statement, "views", lambda: [PlanView(world, statement, made) for made in world.plans(statement.fingerprint)]
    )

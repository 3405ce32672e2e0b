"""One analysis, looked up by name: tables, statements and their plans. Built once."""

from functools import cached_property

from pgtune_cli.explain.derive import indexes_used, walk
from pgtune_cli.lint.known_statements import KnownStatements
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import PlanNode, StatementPlan
from pgtune_cli.model.statement import SEEN_ORIGINS, Statement

OWN_VALUES = SEEN_ORIGINS | {"literal"}
"""origins of values that the application itself used."""
UNSEEN = 10.0
"""times the longest call, and times the blocks of the average one: a cold cache explains the first, never both."""
WHOLE_TABLE_SCANS = {"Seq Scan", "Sample Scan"}


class World(KnownStatements):
    """The catalog, statistics, counters, statements and plans that facts are computed from."""

    def plans(self, fingerprint: str) -> list[StatementPlan]:
        """The plans to judge: the executed ones, else the one of record. The server's own come first."""
        own = self.all_plans(fingerprint)
        executed = [plan for plan in own if plan.executed]
        statement = self.statements.get(fingerprint)
        if statement is None or not self.measured:
            return executed or own[:1]
        return [plan for plan in executed if not never_happened(plan, statement)] or executed or own[:1]

    @cached_property
    def indexes_in_plans(self) -> frozenset[str]:
        """Bare names of the indexes that any plan of the server's own schema uses."""
        made = (plan for found in self.analysis.plans.values() for plan in found.plans)
        return frozenset(name.name for plan in made for name in indexes_used(plan.plan))

    def all_plans(self, fingerprint: str) -> list[StatementPlan]:
        """Every plan of a statement from the best source, whatever values it was made with."""
        found = self.analysis.plans.get(fingerprint)
        plans = list(found.plans) if found is not None else []
        return [plan for plan in plans if plan.source != "clone"] or plans

    def scans(self, fingerprint: str, table: RelationName) -> list[PlanNode]:
        """The nodes of the judged plans that read a table, or one of its partitions."""
        statement = self.statements.get(fingerprint)
        scans = (
            self._scans(fingerprint)
            if statement is None
            else self.once(statement, "scans", lambda: self._scans(fingerprint))
        )
        return [node for name, node in scans if self._is_part(name, table)]

    def _scans(self, fingerprint: str) -> list[tuple[RelationName, PlanNode]]:
        nodes = (placed.node for plan in self.plans(fingerprint) for placed in walk(plan.plan))
        return [(name, node) for node in nodes if (name := self.relation_of(node)) is not None]

    def relation_of(self, node: PlanNode) -> RelationName | None:
        """The relation that a node reads; plans made without VERBOSE name no schema."""
        if node.relation is None:
            return None
        if node.schema:
            return RelationName(node.schema, node.relation)
        names = [RelationName(schema, node.relation) for schema in self.search_path]
        return next((name for name in names if name in self.relations), None)

    def _is_part(self, name: RelationName, table: RelationName) -> bool:
        while name != table:
            relation = self.relations.get(name)
            if relation is None or relation.partition_of is None:
                return False
            name = relation.partition_of
        return True

    def reads_whole_table(self, fingerprint: str, table: RelationName) -> bool | None:
        """Whether a judged plan scans all of a table; None without a plan that reads it."""
        nodes = self.scans(fingerprint, table)
        return any(node.node_type in WHOLE_TABLE_SCANS for node in nodes) if nodes else None


def never_happened(made: StatementPlan, statement: Statement) -> bool:
    """Its values were guessed, and no measured call was near what it took: the application never asks for such."""
    longest, time, blocks = statement.max_exec_time_ms, made.execution_time_ms, made.blocks
    if made.parameters.origin in OWN_VALUES or not longest or time is None or blocks is None:
        return False
    mean_blocks = (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)
    return time > UNSEEN * longest and blocks > UNSEEN * max(mean_blocks, 1.0)

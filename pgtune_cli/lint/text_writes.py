"""Facts of statements that write: rows one by one, and values that were there already."""

from functools import cached_property

from pgtune_cli.lint.lazy import fact
from pgtune_cli.lint.text_results import SHAPE, WORKLOAD, TextBase
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import StatementKind


class WriteFacts(TextBase):
    @fact("it writes: INSERT, UPDATE, DELETE, MERGE, or one of them in a CTE", need=SHAPE)
    def writes(self) -> bool | None:
        shape = self.shape
        return shape.kind is not StatementKind.SELECT or shape.writes_in_cte if shape is not None else None

    @fact("of an INSERT of one row a call: calls for each INSERT into a table that it refers to, by a foreign key; 0 "
          "without", need=WORKLOAD)  # fmt: skip
    def inserts_per_parent(self) -> float | None:
        if not self.measured:
            return None
        return self.statement.calls / self.parent.calls if self.parent is not None else 0.0

    @fact("the table of those; empty without")
    def insert_parent(self) -> str:
        shape = self.world.shape(self.parent) if self.parent is not None else None
        return str(shape.target) if shape is not None else ""

    @cached_property
    def parent(self) -> Statement | None:
        """The INSERT, of a table that this one refers to, with the most calls below its own."""
        shape = self.shape
        if shape is None or shape.kind is not StatementKind.INSERT or shape.target is None or len(shape.blocks) > 1:
            return None
        if not self.measured or abs(self.statement.rows / self.statement.calls - 1) > 0.01:
            return None
        keys = self.world.constraints.get(shape.target, [])
        parents = {key.references for key in keys if key.type == "f"} - {shape.target, None}
        found = [one for name in parents if name is not None for one in self.world.inserts.get(name, [])
                 if one.calls < self.statement.calls and self._same_role(one)]  # fmt: skip
        return max(found, key=lambda one: one.calls, default=None)

    def _same_role(self, other: Statement) -> bool:
        return not other.roles or not self.statement.roles or bool(set(other.roles) & set(self.statement.roles))

    @fact("of an UPDATE: columns that it sets and that an index holds", need=SHAPE)
    def indexed_columns_set(self) -> tuple[str, ...] | None:
        shape = self.shape
        if shape is None:
            return None
        if shape.kind is not StatementKind.UPDATE or shape.target is None:
            return ()
        held = {column for index in self.world.indexes.get(shape.target, []) for column in
                (*(key.column for key in index.keys), *index.include)}  # fmt: skip
        return tuple(column for column in shape.assigned if column in held)

    @fact("of an UPDATE: rows that it changed, as a fraction of all updates of its table", need="usage")
    def share_of_updates(self) -> float | None:
        usage = self.world.usage.get(self._updated) if self._updated is not None else None
        if usage is None or not self.measured:
            return None
        return min(self.statement.rows / usage.n_tup_upd, 1.0) if usage.n_tup_upd else 0.0

    @fact("of an UPDATE: updates of its table that changed no indexed column (HOT), a fraction", need="usage")
    def hot_fraction(self) -> float | None:
        usage = self.world.usage.get(self._updated) if self._updated is not None else None
        return usage.n_tup_hot_upd / usage.n_tup_upd if usage is not None and usage.n_tup_upd else None

    @cached_property
    def _updated(self) -> RelationName | None:
        shape = self.shape
        return shape.target if shape is not None and shape.kind is StatementKind.UPDATE else None

"""Facts of a statement's text: how its tables are joined, compared and put together."""

from collections import defaultdict
from itertools import combinations

from pgtune_cli.lint.lazy import fact
from pgtune_cli.lint.text_results import SHAPE, TextBase
from pgtune_cli.lint.uniqueness import joined_once, one_row_of, unique_output
from pgtune_cli.sql.shape import Block, ColumnRef, Role, SelectItem, Shape, Table, TableKind


class JoinFacts(TextBase):
    @fact("tables whose conditions one OR joins: no index of either serves it alone; empty without", need=SHAPE)
    def or_across_tables(self) -> tuple[str, ...] | None:
        if self.shape is None:
            return None
        for block in self.shape.blocks:
            branches: defaultdict[int, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
            for predicate in block.predicates:
                if predicate.or_group is not None and predicate.table is not None and not predicate.under_not:
                    branches[predicate.or_group][predicate.or_branch or 0].add(predicate.table)
            for arms in branches.values():
                if any(not one & other for one, other in combinations(arms.values(), 2)):
                    return _names(block, {alias for arm in arms.values() for alias in arm})
        return ()

    @fact("tables joined to many rows each, of which a SELECT DISTINCT shows no column: DISTINCT takes the copies away "
          "again; empty without", need=SHAPE)  # fmt: skip
    def distinct_fan_out(self) -> tuple[str, ...] | None:
        if self.shape is None:
            return None
        uniqueness = self.world.uniqueness(self.shape)
        for block in self.shape.blocks:
            if block.distinct and len(block.tables) > 1 and not any(item.star for item in block.select):
                shown = {ref.alias for item in block.select for ref in _shown(item)}
                hidden = [table for table in block.tables if table.kind is TableKind.RELATION
                          and table.alias not in shown and not joined_once(table, block, uniqueness)]  # fmt: skip
                if hidden and shown:
                    return tuple(str(table.relation) for table in hidden)
        return ()

    @fact("tables of one FROM that nothing joins, with more than one row each; empty without", need=SHAPE)
    def cartesian_tables(self) -> tuple[str, ...] | None:
        return self._cartesian()[0] if self.shape is not None else None

    @fact("pairs of rows that these make, at least", need="statistics")
    def cartesian_rows(self) -> float | None:
        return self._cartesian()[1] if self.shape is not None else None

    @fact("the text says CROSS JOIN: somebody meant it", need=SHAPE)
    def cross_join_written(self) -> bool | None:
        if self.shape is None:
            return None
        return any(table.join == "cross" for block in self.shape.blocks for table in block.tables)

    def _largest(self, tables: list[Table]) -> float:
        rows = [self.world.rows(table.relation) for table in tables if table.relation is not None]
        return max((count for count in rows if count is not None), default=0.0)

    def _cartesian(self) -> tuple[tuple[str, ...], float | None]:
        shape = self.shape
        for block in shape.blocks if shape is not None else ():
            plain = all(table.kind is TableKind.RELATION and not table.lateral for table in block.tables)
            if not plain or len(block.tables) < 2 or block.unresolved or block.natural_join:
                continue
            assert shape is not None
            groups = [group for group in _connected(block, shape) if not one_row_of(group, block, shape, self.world)]
            if len(groups) > 1:
                largest = [self._largest(group) for group in groups]
                product = 1.0
                for rows in largest:
                    product *= rows
                return tuple(str(group[0].relation) for group in groups), product
        return (), 0.0

    @fact("subqueries within expressions that refer to the row around them, and so run for each", need=SHAPE)
    def correlated_subqueries(self) -> float | None:
        if self.shape is None:
            return None
        return float(sum(block.role is Role.SCALAR and block.correlated for block in self.shape.blocks))

    @fact("it has a UNION, which sorts or hashes all rows to drop equal ones", need=SHAPE)
    def union(self) -> bool | None:
        return "union" in self.shape.set_operations if self.shape is not None else None

    @fact("no arm of its UNION repeats a row, and each two arms differ in a constant that they select: UNION ALL "
          "returns the same; null where the constants are hidden", need="literals")  # fmt: skip
    def union_drops_nothing(self) -> bool | None:
        shapes = [shape for shape in (self.shape, *self.world.sample_shapes(self.statement)) if shape is not None]
        answers = [self._drops_nothing(shape, [block for block in shape.blocks if block.set_operation == "union"
                                               and block.role in (Role.OUTERMOST, Role.SET_ARM)])
                   for shape in shapes if "union" in shape.set_operations]  # fmt: skip
        return True if True in answers else None if None in answers else False

    def _drops_nothing(self, shape: Shape, arms: list[Block]) -> bool | None:
        if len(arms) < 2 or not all(unique_output(arm, shape, self.world) for arm in arms):
            return False
        marks = [[_constant(item.expression) if not item.columns and not item.column else "" for item in arm.select]
                 for arm in arms]  # fmt: skip
        if len({len(mark) for mark in marks}) != 1:
            return False
        told = [self._differ(one, other) for one, other in combinations(marks, 2)]
        return False if False in told else None if None in told else True

    def _differ(self, one: list[str | None], other: list[str | None]) -> bool | None:
        pairs = list(zip(one, other, strict=True))
        if any(left and right and left != right for left, right in pairs):
            return True
        return None if any(left is None and right is None for left, right in pairs) else False


def _constant(expression: str | None) -> str | None:
    """The text of a constant; None of a parameter, which hides one; '' of anything else."""
    text = (expression or "").strip().split("::")[0]
    if text.startswith("$"):
        return None
    return text if text.startswith("'") or text.replace(".", "").isdigit() else ""


def _shown(item: SelectItem) -> tuple[ColumnRef, ...]:
    return (*item.columns, item.column) if item.column is not None else item.columns


def _names(block: Block, aliases: set[str]) -> tuple[str, ...]:
    found = [block.table(alias) for alias in sorted(aliases)]
    return tuple(str(table.relation) for table in found if table is not None and table.relation is not None)


def _outer_aliases(nested: Block) -> set[str]:
    """Tables around a subquery that it compares with its own: through it they are joined."""
    refs = [ref for predicate in nested.predicates for ref in (*predicate.columns, *predicate.operand.columns)]
    refs += [ref for pair in nested.joins for ref in (pair.left, pair.right)]
    return {ref.alias for ref in refs if ref.outer}


def _connected(block: Block, shape: Shape) -> list[list[Table]]:
    """The tables in groups that conditions connect."""
    group = {table.alias: {table.alias} for table in block.tables}

    def join(aliases: set[str]) -> None:
        known = [alias for alias in aliases if alias in group]
        merged = {alias for name in known for alias in group[name]}
        for alias in merged:
            group[alias] = merged

    for pair in block.joins:
        if not pair.correlated:
            join({pair.left.alias, pair.right.alias})
    for predicate in block.predicates:
        join({ref.alias for ref in (*predicate.columns, *predicate.operand.columns)})
        if predicate.operand.subquery is not None or (predicate.table is None and not predicate.columns):
            join(set(group))  # what a subquery refers to is not told here
    for nested in shape.blocks:
        if nested.index != block.index:
            join(_outer_aliases(nested))
    unique = {id(found): found for found in group.values()}
    return [[table for table in block.tables if table.alias in found] for found in unique.values()]

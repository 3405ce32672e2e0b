"""INSERT, UPDATE, DELETE and MERGE: their tables, conditions and new values, walked by hand."""

from collections.abc import Iterator

import msgspec
from sqlglot import exp

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.blocks import Around, Blocks
from pgtune_cli.sql.conditions import conditions
from pgtune_cli.sql.from_clause import FromClause, relation_of
from pgtune_cli.sql.predicates import Reader
from pgtune_cli.sql.scope import Scope
from pgtune_cli.sql.shape_types import Block, ColumnRef, Place, Use
from pgtune_cli.sql.walk import identifier_name, is_query, own_nodes, unwrap_query


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """What a write does to its target."""

    target: RelationName | None
    assigned: tuple[str, ...] = ()
    conflict_columns: tuple[str, ...] = ()
    returning: bool = False


class Writes:
    """Builds the blocks of one write into `blocks`."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def build(self, node: exp.Expr, around: Around) -> Write:
        """The write at `node`; its own block comes before those within it."""
        index = self._blocks.reserve()
        environment = self._blocks.ctes(node, index, around)
        around = msgspec.structs.replace(around, environment=environment)
        scope = Scope(around.scope)
        clause = self._blocks.tables(scope, index, environment)
        target = node.this.this if isinstance(node.this, exp.Schema) else node.this
        clause.add(target, "target")
        relation = relation_of(target, self._blocks.names)
        for source in _sources(node):
            clause.add(source)
        on = node.args.get("on") if isinstance(node, exp.Merge) else None
        if on is not None:
            clause.conditions.append((on, 0))
        self._blocks.nested(_expressions(node, clause), Around(index, scope, environment))
        assigned, conflict = self._values(node, relation, scope, around, index)
        self._block(node, clause, scope, index, around)
        return Write(
            target=relation,
            assigned=assigned,
            conflict_columns=conflict,
            returning=node.args.get("returning") is not None,
        )

    def _block(self, node: exp.Expr, clause: FromClause, scope: Scope, index: int, around: Around) -> None:
        found = self._blocks.conditions(node, clause, scope, index)
        self._blocks.built[index] = Block(
            index=index,
            parent=around.parent,
            role=around.role,
            name=around.name,
            tables=tuple(entry.table for entry in scope.tables),
            predicates=tuple(found.predicates),
            joins=(*clause.pairs, *found.joins),
            natural_join=clause.natural,
            span=self._blocks.parsed.span(node),
        )

    def _values(
        self, node: exp.Expr, relation: RelationName | None, scope: Scope, around: Around, index: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if isinstance(node, exp.Insert):
            return self._insert(node, relation, scope, around, index)
        if isinstance(node, exp.Merge):
            return self._merge(node, relation, scope), ()
        return tuple(dict.fromkeys(self._assignments(node.expressions, relation))), ()

    def _insert(
        self, node: exp.Insert, relation: RelationName | None, scope: Scope, around: Around, index: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        listed = (
            [identifier_name(each) or "" for each in node.this.expressions] if isinstance(node.this, exp.Schema) else []
        )
        columns = listed or self._all_columns(relation)
        source = node.expression
        if isinstance(source, exp.Values):
            for row in source.expressions:
                self._give(row.expressions if isinstance(row, exp.Tuple) else [row], columns, relation)
        elif isinstance(source, exp.Expr) and is_query(source):
            select = unwrap_query(source)
            self._give([item.unalias() for item in select.expressions], columns, relation)
            self._blocks.query(source, Around(index, None, around.environment))
        conflict = node.args.get("conflict")
        if conflict is None:
            return tuple(listed), ()
        changed = list(self._assignments(conflict.expressions, relation))
        reader = Reader(self._blocks.parsed, scope, index, {}, self._blocks.uses, self._blocks.built)
        if conflict.args.get("where") is not None:
            for leaf in conditions(conflict.args["where"].this):
                reader.read(leaf, Place.WHERE)
        return tuple(dict.fromkeys([*listed, *changed])), tuple(_conflict_keys(conflict))

    def _merge(self, node: exp.Merge, relation: RelationName | None, scope: Scope) -> tuple[str, ...]:
        assigned: list[str] = []
        whens = node.args.get("whens")
        reader = Reader(self._blocks.parsed, scope, 0, {}, self._blocks.uses, self._blocks.built)
        for when in whens.expressions if whens is not None else ():
            if when.args.get("condition") is not None:
                for leaf in conditions(when.args["condition"]):
                    reader.read(leaf, Place.WHERE)
            then = when.args.get("then")
            if isinstance(then, exp.Update):
                assigned += self._assignments(then.expressions, relation)
            elif isinstance(then, exp.Insert):
                columns = [each.name for each in then.this.expressions] if isinstance(then.this, exp.Tuple) else []
                values = then.expression.expressions if isinstance(then.expression, exp.Tuple) else []
                self._give(values, columns or self._all_columns(relation), relation)
                assigned += columns
        return tuple(dict.fromkeys(assigned))

    def _assignments(self, nodes: list[exp.Expr], relation: RelationName | None) -> Iterator[str]:
        """Columns of `a = 1` and `(a, b) = (1, 2)`; notes what their parameters are for."""
        for node in nodes:
            if not isinstance(node, exp.EQ):
                continue
            targets = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
            values = node.expression.expressions if isinstance(node.expression, exp.Tuple) else [node.expression]
            names = [identifier_name(each.find(exp.Identifier)) or "" for each in targets]
            self._give(values, names, relation)
            yield from filter(None, names)

    def _give(self, values: list[exp.Expr], columns: list[str], relation: RelationName | None) -> None:
        for value, column in zip(values, columns, strict=False):
            reference = ColumnRef(relation.name, relation, column) if relation is not None else None
            for each in own_nodes(value):
                if isinstance(each, exp.Parameter):
                    self._blocks.uses.add(each, Use.ASSIGN, column=reference)

    def _all_columns(self, relation: RelationName | None) -> list[str]:
        found = self._blocks.names.find(relation.schema, relation.name) if relation is not None else None
        return [column.name for column in found.columns] if found is not None else []


def _conflict_keys(conflict: exp.Expr) -> Iterator[str]:
    for key in conflict.args.get("conflict_keys") or ():
        name = identifier_name(key.find(exp.Identifier))
        if name is not None:
            yield name


def _sources(node: exp.Expr) -> list[exp.Expr]:
    """FROM of an UPDATE, USING of a DELETE or MERGE."""
    if isinstance(node, exp.Update):
        from_ = node.args.get("from_")
        return [from_.this] if from_ is not None else []
    using = node.args.get("using")
    return [each for each in (using if isinstance(using, list) else [using]) if isinstance(each, exp.Expr)]


def _expressions(node: exp.Expr, clause: FromClause) -> list[exp.Expr | list[exp.Expr] | None]:
    """Where subqueries may stand."""
    parts: list[exp.Expr | list[exp.Expr] | None] = [
        node.args.get("where"),
        node.args.get("returning"),
        node.args.get("on") if isinstance(node, exp.Merge) else None,
        node.args.get("conflict"),
        node.args.get("whens"),
        *clause.calls,
        *(condition for condition, _ in clause.conditions),
    ]
    if isinstance(node, exp.Update):
        parts += node.expressions
    if isinstance(node, exp.Insert) and isinstance(node.expression, exp.Values):
        parts.append(node.expression)
    return parts

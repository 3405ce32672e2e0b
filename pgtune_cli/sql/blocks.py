"""A statement's tree becomes blocks, from the outside in; sql/shape.py is the way in."""

import msgspec
from sqlglot import exp

from pgtune_cli.sql.block_outputs import outputs_of, under_names
from pgtune_cli.sql.condition_forms import leaves_in
from pgtune_cli.sql.condition_notes import Found
from pgtune_cli.sql.conditions import conditions
from pgtune_cli.sql.from_clause import Environment, FromClause
from pgtune_cli.sql.parameter_uses import ParameterUses
from pgtune_cli.sql.parse import Parsed
from pgtune_cli.sql.predicates import Reader
from pgtune_cli.sql.query_nodes import arms_of, group_items, has_grouping_sets, is_correlated, items_of, role_of
from pgtune_cli.sql.scope import CatalogNames, Outputs, Scope
from pgtune_cli.sql.select_lists import ListReader
from pgtune_cli.sql.shape_types import Block, Bound, CountCheck, Place, Role, Use
from pgtune_cli.sql.walk import bound, identifier_name, is_query, own_nodes, unwrap_query

_QUERY_CLAUSES = ("where", "having", "group", "order", "limit", "offset", "distinct", "windows", "qualify")


class Around(msgspec.Struct, frozen=True):
    """What a query stands in."""

    parent: int | None = None
    scope: Scope | None = None
    environment: Environment = msgspec.field(default_factory=dict)
    role: Role = Role.OUTERMOST
    name: str | None = None
    set_operation: str | None = None


class Blocks:
    """Builds the blocks of one statement. `built[n]` is block n, None while it is being built."""

    def __init__(self, parsed: Parsed, names: CatalogNames) -> None:
        self.parsed = parsed
        self.names = names
        self.uses = ParameterUses()
        self.built: list[Block | None] = []
        self.count_checks: list[CountCheck] = []
        self.set_operations: list[str] = []
        self.writes: list[tuple[exp.Expr, Around]] = []
        """data-modifying CTEs, for the caller to build."""
        self._queries: dict[int, int] = {}

    def reserve(self) -> int:
        """A number for a block that comes before those within it."""
        self.built.append(None)
        return len(self.built) - 1

    def query(self, node: exp.Expr, around: Around) -> Outputs:
        """Builds a SELECT or a set operation with everything in it; tells what it gives to the query around."""
        outer, node = node, unwrap_query(node)
        index = self.reserve()
        environment = self.ctes(node, index, around)
        around = msgspec.structs.replace(around, environment=environment)
        outputs = self._query(node, index, around)
        self._queries[id(node)] = outputs.block
        if outer is not node:
            self._tail(outer, index)
        return outputs

    def ctes(self, node: exp.Expr, index: int, around: Around) -> Environment:
        """The CTEs of a WITH, each seeing those before it."""
        with_ = node.args.get("with_")
        environment = dict(around.environment)
        for cte in with_.expressions if with_ is not None else ():
            name = identifier_name(cte.args["alias"].this) or ""
            inner = Around(index, around.scope, dict(environment), Role.CTE, name)
            renamed = tuple(filter(None, map(identifier_name, cte.args["alias"].args.get("columns") or ())))
            if with_ is not None and with_.args.get("recursive"):
                inner.environment[name] = Outputs(len(self.built), renamed or None)
            if is_query(cte.this):
                environment[name] = under_names(self.query(cte.this, inner), renamed)
            else:
                self.writes.append((cte.this, inner))
                environment[name] = Outputs(index, renamed or None)
        return environment

    def _query(self, node: exp.Expr, index: int, around: Around) -> Outputs:
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, index, around)
        if isinstance(node, exp.Select):
            return self._select(node, index, around)
        self.built[index] = Block(index=index, parent=around.parent, role=around.role, name=around.name)
        return Outputs(index, None)

    def _set_operation(self, node: exp.SetOperation, index: int, around: Around) -> Outputs:
        arms = list(arms_of(node))
        outputs: list[Outputs] = []
        for number, (arm, operation) in enumerate(arms):
            role = around.role if number == 0 else Role.SET_ARM
            inner = msgspec.structs.replace(around, role=role, set_operation=operation)
            if number:
                self.set_operations.append(operation)
                outputs.append(self.query(arm, inner))
            else:
                whole = unwrap_query(arm)
                inner = msgspec.structs.replace(inner, environment=self.ctes(whole, index, inner))
                outputs.append(self._query(whole, index, inner))
                self._queries[id(whole)] = index
        self._tail(node, index)
        # a column of the whole comes from several arms: it is passed on only where there is one
        return Outputs(index, outputs[0].names)

    def _tail(self, node: exp.Expr, index: int) -> None:
        """ORDER BY, LIMIT and OFFSET behind a set operation or parentheses: their parameters."""
        del index
        self.limits(node)
        order = node.args.get("order")
        if order is not None:
            self.uses.add_all(order, Use.SELECT)

    def limits(self, node: exp.Expr) -> tuple[Bound | None, Bound | None]:
        """LIMIT (or FETCH) and OFFSET of a query; notes their parameters."""
        limit, offset = node.args.get("limit"), node.args.get("offset")
        ties = False
        value = None
        if isinstance(limit, exp.Fetch):
            options = limit.args.get("limit_options")
            ties = bool(options and options.args.get("with_ties"))
            value = limit.args.get("count") or exp.Literal.number(1)
        elif limit is not None:
            value = limit.expression
        if limit is not None:
            self.uses.add_all(limit, Use.LIMIT)
        if offset is not None:
            self.uses.add_all(offset, Use.OFFSET)
        return bound(value, with_ties=ties), bound(offset.expression if offset is not None else None)

    def _select(self, node: exp.Select, index: int, around: Around) -> Outputs:
        scope = Scope(around.scope)
        from_ = node.args.get("from_")
        clause = self.tables(scope, index, around.environment)
        if from_ is not None:
            clause.add(from_.this)
        for joined in [*(node.args.get("joins") or ()), *(node.args.get("laterals") or ())]:
            if isinstance(joined, exp.Join):
                clause.add_join(joined)
            else:
                clause.add(joined)
        inner = Around(index, scope, around.environment)
        self.nested([*node.expressions, *(node.args.get(key) for key in _QUERY_CLAUSES), *clause.calls], inner)
        self.nested([condition for condition, _ in clause.conditions], inner)
        lists = ListReader(self.parsed, scope)
        select = tuple(lists.item(item) for item in node.expressions)
        found = self.conditions(node, clause, scope, index)
        limit, offset = self.limits(node)
        order = node.args.get("order")
        group = node.args.get("group")
        distinct = node.args.get("distinct")
        on = distinct.args.get("on") if distinct is not None else None
        windows = list(lists.windows(node))
        partition_keys = [key for each in windows for key in each.args.get("partition_by") or ()]
        window_keys = [key for each in windows if each.args.get("order") for key in each.args["order"].expressions]
        block = Block(
            index=index,
            parent=around.parent,
            role=around.role,
            name=around.name,
            tables=tuple(entry.table for entry in scope.tables),
            predicates=tuple(found.predicates),
            joins=(*clause.pairs, *found.joins),
            order_by=lists.sort_keys(order.expressions if order is not None else (), node.expressions, select),
            group_by=lists.sort_keys(group_items(group), node.expressions, select, grouping=True),
            grouping_sets=group is not None and has_grouping_sets(group),
            distinct=distinct is not None,
            distinct_on=lists.sort_keys(items_of(on), node.expressions, select),
            select=select,
            aggregates=lists.aggregates(node),
            limit=limit,
            offset=offset,
            having=node.args.get("having") is not None,
            windows=bool(windows),
            partition_by=lists.sort_keys(partition_keys, [], ()),
            window_order=lists.sort_keys(window_keys, [], ()),
            set_operation=around.set_operation,
            locking=bool(node.args.get("locks")),
            correlated=is_correlated(node, scope),
            natural_join=clause.natural,
            unresolved=lists.unresolved(node),
            functions=lists.functions(node),
            span=self.parsed.span(node),
        )
        self.built[index] = block
        self.rest(node)
        return outputs_of(block, scope)

    def tables(self, scope: Scope, index: int, environment: Environment) -> FromClause:
        """A FROM clause to be filled; its subqueries see the tables to their left (they must be LATERAL to do so)."""

        def build(query: exp.Expr, name: str) -> Outputs:
            return self.query(query, Around(index, scope, environment, Role.DERIVED, name or None))

        return FromClause(self.parsed, self.names, scope, environment, build)

    def nested(self, nodes: list[exp.Expr | list[exp.Expr] | None], around: Around) -> None:
        """Builds the subqueries within expressions."""
        flat = [each for node in nodes for each in (node if isinstance(node, list) else [node]) if each is not None]
        for tree in flat:
            for node in own_nodes(tree):
                if is_query(node) and id(unwrap_query(node)) not in self._queries:
                    self.query(node, msgspec.structs.replace(around, role=role_of(node)))

    def conditions(self, node: exp.Expr, clause: FromClause, scope: Scope, index: int) -> Found:
        """ON, WHERE and HAVING as predicates; comparisons elsewhere only tell what their parameters are for."""
        reader = Reader(self.parsed, scope, index, self._queries, self.uses, self.built)
        group = 0
        for condition, table in clause.conditions:
            joined = scope.tables[table].table
            outer = joined.join in ("left", "right", "full")
            for leaf in conditions(condition, group):
                reader.read(leaf, Place.JOIN_ON, join=table, outer=outer)
                group = max(group, (leaf.or_group if leaf.or_group is not None else -1) + 1)
        for key, place in (("where", Place.WHERE), ("having", Place.HAVING)):
            tree = node.args.get(key)
            for leaf in conditions(tree.this, group) if tree is not None else ():
                reader.read(leaf, place)
                group = max(group, (leaf.or_group if leaf.or_group is not None else -1) + 1)
        found = reader.found
        self.count_checks += found.count_checks
        self._elsewhere(node, clause, scope, index)
        return found

    def _elsewhere(self, node: exp.Expr, clause: FromClause, scope: Scope, index: int) -> None:
        reader = Reader(self.parsed, scope, index, self._queries, self.uses, self.built)
        for tree in [*node.expressions, *clause.calls, *(node.args.get(key) for key in ("where", "having", "order"))]:
            for leaf in leaves_in(tree) if isinstance(tree, exp.Expr) else ():
                reader.read(leaf, Place.WHERE)
        known = {(check.block, check.operator, check.parameter) for check in self.count_checks}
        self.count_checks += [
            check for check in reader.found.count_checks if (check.block, check.operator, check.parameter) not in known
        ]

    def rest(self, node: exp.Select) -> None:
        """Parameters of the lists that no comparison took."""
        for tree in (*node.expressions, node.args.get("group"), node.args.get("order"), node.args.get("distinct")):
            for each in own_nodes(tree) if tree is not None else ():
                if isinstance(each, exp.Parameter):
                    self.uses.add(each, Use.SELECT)

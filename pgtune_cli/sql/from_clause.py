"""FROM, JOIN, USING and the target of a write: from syntax to the tables of a scope."""

from collections.abc import Callable, Iterator

import msgspec
from sqlglot import exp

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.parse import Parsed
from pgtune_cli.sql.scope import CatalogNames, Outputs, Scope, ScopeTable, table_names
from pgtune_cli.sql.shape_types import JoinPair, Table, TableKind
from pgtune_cli.sql.walk import identifier_name, is_query

Environment = dict[str, Outputs]
"""CTEs by name."""


class FromClause:
    """Adds tables to one scope, in order; keeps the ON conditions for later and the pairs of USING and NATURAL."""

    def __init__(
        self,
        parsed: Parsed,
        names: CatalogNames,
        scope: Scope,
        environment: Environment,
        build: Callable[[exp.Expr, str], Outputs],
    ) -> None:
        self._parsed = parsed
        self._names = names
        self._scope = scope
        self._environment = environment
        self._build = build
        self.conditions: list[tuple[exp.Expr, int]] = []
        """ON expressions with the index of the joined table."""
        self.pairs: list[JoinPair] = []
        self.calls: list[exp.Expr] = []
        """functions and VALUES in FROM, whose arguments are still to be looked at."""
        self.natural = False

    def add(self, node: exp.Expr, join: str = "from", *, lateral: bool = False) -> None:
        """A FROM item with all that is joined to it."""
        if isinstance(node, exp.Subquery) and not is_query(node) and isinstance(node.this, exp.Expr):
            self.add(node.this, join)  # parentheses around a join
        else:
            self._append(self._table(node, join, lateral=lateral))
        for joined in node.args.get("joins") or ():
            self.add_join(joined)

    def add_join(self, node: exp.Join) -> None:
        side = str(node.args.get("side") or "").lower()
        kind = "cross" if str(node.args.get("kind") or "").lower() == "cross" else "inner"
        condition, using = node.args.get("on"), node.args.get("using") or []
        natural = str(node.args.get("method") or "").lower() == "natural"
        plain_comma = not (side or condition or using or natural or node.args.get("kind"))
        before = len(self._scope.tables)
        self.add(node.this, side or ("from" if plain_comma else kind))
        if side in ("right", "full"):
            self._make_nullable(0, before)
        if side in ("left", "full"):
            self._make_nullable(before, len(self._scope.tables))
        names = [name for each in using if (name := identifier_name(_unwrapped(each))) is not None]
        if natural:
            self.natural = True
            names = self._common(before)
        for name in names:
            self._merge(name, before, outer=bool(side))
        if condition is not None:
            self.conditions.append((condition, before))

    def _append(self, entry: ScopeTable) -> None:
        self._scope.tables.append(entry)

    def _make_nullable(self, start: int, end: int) -> None:
        for at in range(start, end):
            entry = self._scope.tables[at]
            entry.table = msgspec.structs.replace(entry.table, nullable=True)

    def _common(self, before: int) -> list[str]:
        left = {name for entry in self._scope.tables[:before] for name in entry.names or ()}
        right = {name for entry in self._scope.tables[before:] for name in entry.names or ()}
        return sorted(left & right)

    def _merge(self, name: str, before: int, *, outer: bool) -> None:
        left = self._holder(name, 0, before)
        right = self._holder(name, before, len(self._scope.tables))
        left_column = left.reference(name) if left else None
        right_column = right.reference(name) if right else None
        self._scope.merged.setdefault(name, left_column or right_column)
        if left_column is not None and right_column is not None:
            self.pairs.append(JoinPair(left=left_column, right=right_column, outer=outer, join=before))

    def _holder(self, name: str, start: int, end: int) -> ScopeTable | None:
        return next((each for each in self._scope.tables[start:end] if name in (each.names or ())), None)

    def _table(self, node: exp.Expr, join: str, *, lateral: bool) -> ScopeTable:
        alias = node.args.get("alias")
        name = identifier_name(alias.this) if isinstance(alias, exp.TableAlias) else None
        renamed = tuple(_column_names(alias)) if isinstance(alias, exp.TableAlias) else ()
        if isinstance(node, exp.Lateral):
            return self._lateral(node, join, name, renamed)
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            return self._named(node, join, name, renamed)
        if is_query(node):
            return _derived(self._build(node, name or ""), name or "", TableKind.SUBQUERY, join, renamed, lateral)
        self.calls.append(node)
        kind = TableKind.VALUES if isinstance(node, exp.Values) else TableKind.FUNCTION
        table = Table(
            alias=name or _function_name(node), kind=kind, join=join, columns=renamed or None, lateral=lateral
        )
        return ScopeTable(table, frozenset(renamed) if renamed else None, {})

    def _lateral(self, node: exp.Lateral, join: str, name: str | None, renamed: tuple[str, ...]) -> ScopeTable:
        if isinstance(node.this, exp.Expr) and is_query(node.this):
            return _derived(self._build(node.this, name or ""), name or "", TableKind.SUBQUERY, join, renamed, True)
        self.calls.append(node)
        table = Table(alias=name or _function_name(node.this), kind=TableKind.FUNCTION, join=join, lateral=True)
        return ScopeTable(table, frozenset(renamed) if renamed else None, {})

    def _named(self, node: exp.Table, join: str, alias: str | None, renamed: tuple[str, ...]) -> ScopeTable:
        schema, name = identifier_name(node.args.get("db")), identifier_name(node.this) or ""
        span = self._parsed.span(node)
        if schema is None and name in self._environment:
            return _derived(self._environment[name], alias or name, TableKind.CTE, join, renamed, False)
        relation = self._names.find(schema, name)
        if relation is None:
            return ScopeTable(Table(alias=alias or name, kind=TableKind.UNKNOWN, join=join, span=span), None, {})
        columns = tuple(column.name for column in relation.columns)
        table = Table(
            alias=alias or name, kind=TableKind.RELATION, relation=relation.relation_name, join=join, span=span
        )
        if not renamed:
            return ScopeTable(table, table_names(relation), {}, columns)
        # columns renamed by `t(a, b)` cannot be told apart from the catalog's: none is resolved
        return ScopeTable(msgspec.structs.replace(table, columns=renamed + columns[len(renamed) :]), frozenset(), {})


def _derived(
    outputs: Outputs, alias: str, kind: TableKind, join: str, renamed: tuple[str, ...], lateral: bool
) -> ScopeTable:
    names = outputs.names
    passed_on = outputs.columns
    if renamed and names is not None:
        passed_on = {new: passed_on[old] for new, old in zip(renamed, names, strict=False) if old in passed_on}
        names = renamed + names[len(renamed) :]
    elif renamed:
        names, passed_on = renamed, {}
    table = Table(alias=alias, kind=kind, join=join, columns=names, block=outputs.block, lateral=lateral)
    return ScopeTable(table, frozenset(names) if names is not None else None, passed_on, names or ())


def _column_names(alias: exp.TableAlias) -> Iterator[str]:
    for column in alias.args.get("columns") or ():
        name = identifier_name(_unwrapped(column))
        if name is not None:
            yield name


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """The identifier of `x` or of `x integer`."""
    return node.this if isinstance(node, exp.Column | exp.ColumnDef) else node


def _function_name(node: exp.Expr) -> str:
    inner = node.this if isinstance(node, exp.Table) else node
    if isinstance(inner, exp.Anonymous):
        return str(inner.this).lower()
    return "unnest" if isinstance(inner, exp.Unnest) else type(inner).__name__.lower()


def relation_of(node: exp.Expr, names: CatalogNames) -> RelationName | None:
    """The catalog relation that is the target of a write."""
    if isinstance(node, exp.Schema):
        node = node.this
    if not isinstance(node, exp.Table):
        return None
    relation = names.find(identifier_name(node.args.get("db")), identifier_name(node.this) or "")
    return relation.relation_name if relation is not None else None

"""Which table a column belongs to."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlglot import exp

from pgtune_cli.model.catalog import Catalog, Relation, RelationName
from pgtune_cli.sql.shape_types import ColumnRef, Table
from pgtune_cli.sql.walk import identifier_name


class CatalogNames:
    """Relations by name, under a search_path."""

    def __init__(self, catalog: Catalog, search_path: Sequence[str]) -> None:
        self._relations = {relation.relation_name: relation for relation in catalog.relations}
        self._search_path = tuple(search_path)

    def find(self, schema: str | None, name: str) -> Relation | None:
        """The relation a name stands for; None when the catalog does not hold it."""
        schemas = (schema,) if schema is not None else self._search_path
        found = (self._relations.get(RelationName(place, name)) for place in schemas)
        return next((relation for relation in found if relation is not None), None)


class Outputs(msgspec.Struct):
    """What a query gives to the one around it: names, and the catalog column behind each where it is passed on."""

    block: int
    names: tuple[str, ...] | None
    columns: dict[str, ColumnRef] = msgspec.field(default_factory=dict)


class ScopeTable(msgspec.Struct):
    """A table in scope, with what is needed to find its columns."""

    table: Table
    names: frozenset[str] | None
    """None: unknown, it may have any column."""
    passed_on: Mapping[str, ColumnRef]
    ordered: tuple[str, ...] = ()
    """the names in order, for `*`."""

    def reference(self, column: str) -> ColumnRef | None:
        """The catalog column behind `column`."""
        if self.table.relation is not None:
            return ColumnRef(self.table.alias, self.table.relation, column) if column in (self.names or ()) else None
        behind = self.passed_on.get(column)
        if behind is None:
            return None
        return ColumnRef(self.table.alias, behind.relation, behind.column, derived=True)


class Scope:
    """The tables of one block, and the scopes around it."""

    def __init__(self, parent: "Scope | None") -> None:
        self.parent = parent
        self.tables: list[ScopeTable] = []
        self.merged: dict[str, ColumnRef | None] = {}
        """columns that USING or NATURAL made one."""

    def resolve(self, node: exp.Column) -> ColumnRef | None:
        """The catalog column that the node names; None for an alias, an unknown table or an ambiguous name."""
        name = identifier_name(node.this)
        if name is None:
            return None
        qualifier = identifier_name(node.args.get("table"))
        scope: Scope | None = self
        while scope is not None:
            settled, found = scope._here(qualifier, name)
            if settled:
                if found is not None and scope is not self:
                    return ColumnRef(found.alias, found.relation, found.column, outer=True, derived=found.derived)
                return found
            scope = scope.parent
        return None

    def _here(self, qualifier: str | None, name: str) -> tuple[bool, ColumnRef | None]:
        """Whether the search ends in this scope, and with what."""
        if qualifier is not None:
            matches = [each for each in self.tables if each.table.alias == qualifier]
            return bool(matches), matches[0].reference(name) if matches else None
        if name in self.merged:
            return True, self.merged[name]
        holders = [each for each in self.tables if each.names is not None and name in each.names]
        if len(holders) == 1:
            return True, holders[0].reference(name)
        unknown = any(each.names is None for each in self.tables)
        return bool(holders) or unknown, None

    def has(self, alias: str) -> bool:
        return any(each.table.alias == alias for each in self.tables)


def table_names(relation: Relation) -> frozenset[str]:
    return frozenset(column.name for column in relation.columns)

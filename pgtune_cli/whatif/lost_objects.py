"""Which of the objects that the clone lacks may make a plan another: those that the statement or its plans use."""

import re
from collections.abc import Iterable

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Index, Relation
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.whatif.mentions import Words

OF_DATABASE = "collation of the database"
TEXTS = ("text", "character", "citext")
OF_COLUMN = ("column ", "default of ", "statistics of ")
NAMED = ("function ", "text search ", "extension ")
SIGNATURE = re.compile(r"operator (?:.*)\.([^\s.]+)\((.*), (.*)\)\Z")
OPERATOR_SIGNS = r"[-+*/<>=~!@#%^&|`?]"


class Use(msgspec.Struct, frozen=True):
    """What a statement touches."""

    sql: str
    tables: tuple[Relation, ...]
    conditions: str | None = None
    """of the two plans, which know columns behind views; None where there are none."""
    source_indexes: frozenset[str] = frozenset()
    """that the source's plan uses."""

    @property
    def words(self) -> Words:
        """Of conditions: a column that is only handed over makes no plan another."""
        if self.conditions is not None:
            return Words([self.conditions])
        return Words([self.sql, *(relation.view_definition or "" for relation in self.tables)])


class LostObjects:
    def __init__(self, catalog: Catalog, lost: Iterable[Skipped]) -> None:
        self._catalog, self._lost = catalog, tuple(lost)

    def cause(self, use: Use) -> str | None:
        for lost in self._lost:
            if self._matters(lost.what, use):
                return f"{lost.what}: {lost.why}"
        return None

    def _matters(self, what: str, use: Use) -> bool:
        if what.startswith("collation "):
            return self._collation(what, use)
        if what.startswith("type "):
            return self._type(what.removeprefix("type "), use)
        if what.startswith("operator class "):
            name = what.removeprefix("operator class ").partition(".")[2]
            return any(Words([index.definition]).may_name(name) for index in self._indexes(use))
        if what.startswith("operator "):
            return _operator(what, use)
        if what.startswith("cast "):
            return all(Words(self._texts(use)).may_name(_bare(end)) for end in what[5:].split(" to "))
        if what.startswith(NAMED):
            return Words(self._texts(use)).may_name(_bare_name(what))
        return self._of_table(what, use)

    def _of_table(self, what: str, use: Use) -> bool:
        if what.startswith("index "):
            return any(_names(what, str(one.index_name)) and _shows(one, use) for one in self._indexes(use))
        statistics = {f"{one.schema}.{one.name}": one.table for one in self._catalog.extended_statistics}
        tables = {relation.relation_name for relation in use.tables}
        if any(_names(what, name) and table in tables for name, table in statistics.items()):
            return True
        if any(_names(what, str(index.index_name)) for index in self._indexes(use)):
            return True
        if not any(_names(what, str(relation.relation_name)) for relation in use.tables):
            return False
        if what.startswith(OF_COLUMN) and not what.startswith("default "):
            return any(
                what.endswith(f"{relation.relation_name}.{column.name}") and use.words.may_name(column.name)
                for relation in use.tables
                for column in relation.columns
            )
        return True

    def _indexes(self, use: Use) -> list[Index]:
        tables = {relation.relation_name for relation in use.tables}
        return [index for index in self._catalog.indexes if index.table in tables]

    def _collation(self, what: str, use: Use) -> bool:
        """Of a column that the statement compares or sorts by."""
        words = use.words
        for column in (column for relation in use.tables for column in relation.columns):
            of_column = f"collation {column.collation}" == what if column.collation is not None else False
            of_database = what == OF_DATABASE and column.collation is None and column.type.startswith(TEXTS)
            if (of_column or of_database) and words.may_name(column.name):
                return True
        return False

    def _type(self, name: str, use: Use) -> bool:
        words = use.words
        typed = [column for relation in use.tables for column in relation.columns if _is_of(column, name)]
        return any(words.may_name(column.name) for column in typed) or words.may_name(name.partition(".")[2])

    def _texts(self, use: Use) -> Iterable[str]:
        yield use.sql
        for relation in use.tables:
            yield relation.view_definition or ""
            yield from (column.default or "" for column in relation.columns)
        yield from (index.definition for index in self._indexes(use))
        yield from (rule.definition for rule in self._catalog.rules)


def _names(what: str, name: str) -> bool:
    """As a whole: `index a.b` does not name a table `a.bc`, nor one called `b`."""
    at = what.find(name)
    while at >= 0:
        before, after = what[at - 1 : at], what[at + len(name) : at + len(name) + 1]
        if before in ("", " ") and after in ("", " ", "."):
            return True
        at = what.find(name, at + 1)
    return False


def _shows(index: Index, use: Use) -> bool:
    """Whether it is used, or the planner takes more from it than a way to read the table."""
    known = use.conditions is None or index.name in use.source_indexes or index.unique
    return known or any(key.expression is not None for key in index.keys)


def _operator(what: str, use: Use) -> bool:
    """Where a text has its sign, and it is not one of built-in types that looks alike."""
    found = SIGNATURE.match(what)
    if found is None:
        return False
    sign, left, right = found.groups()
    text = use.sql if use.conditions is None else f"{use.sql}\n{use.conditions}"
    if not re.search(rf"(?<!{OPERATOR_SIGNS}){re.escape(sign)}(?!{OPERATOR_SIGNS})", text):
        return False
    words = use.words
    columns = [column for relation in use.tables for column in relation.columns if words.may_name(column.name)]
    return any(_is_of(column, kind) for column in columns for kind in (left, right))


def _is_of(column: Column, name: str) -> bool:
    return column.type.replace('"', "").removesuffix("[]").partition("(")[0] == name.replace('"', "")


def _bare_name(what: str) -> str:
    """`function sales.slug(title text)` -> slug, `text search configuration sales.own for word` -> own."""
    return what.partition("(")[0].partition(" for ")[0].rpartition(" ")[2].rpartition(".")[2]


def _bare(type_name: str) -> str:
    return type_name.rpartition(".")[2].strip('"').partition(" ")[0]

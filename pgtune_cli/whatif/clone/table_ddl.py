"""DDL of tables, views and what hangs on them, from the catalog.

Partitions and heirs are created alone and attached later, as pg_dump does: each keeps its own column order, and
constraints and indexes keep their names.
"""

import re
from collections.abc import Iterator

import msgspec

from pgtune_cli.model.catalog import Catalog, Column, Constraint, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.whatif.clone.item import Item, Stage
from pgtune_cli.whatif.mentions import Words

GENERATED = {"s": "STORED", "v": "VIRTUAL"}
PLANNER_OPTIONS = {"parallel_workers", "fillfactor"}
VIEW_OPTIONS = {"security_barrier", "security_invoker"}
VIEW_QUERY, PARTITION_KEY, PARTITION_BOUND = "its query", "its partition key", "the bound of this partition"
NEXTVAL = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")
IDENTITIES = {"a": "ALWAYS", "d": "BY DEFAULT"}
INDEX_CONSTRAINTS = {"p": "primary key", "u": "unique constraint", "x": "exclusion constraint"}


def table_items(catalog: Catalog) -> Iterator[Item]:
    """CREATE TABLE, CHECK constraints, ATTACH PARTITION or INHERIT, defaults; views."""
    for relation in _by_age(catalog):
        if _missing(relation) in (VIEW_QUERY, PARTITION_KEY):
            continue
        if relation.kind is RelationKind.VIEW:
            yield view_item(relation)
            continue
        yield Item(stage=Stage.TABLE, what=table_name(relation), sql=create_table_sql(relation))
        yield from _family_items(relation)
        yield from _default_items(relation)
    for constraint in catalog.constraints:
        if constraint.type == "c":
            yield _constraint_item(constraint, Stage.CHECK, "check constraint")


def create_table_sql(relation: Relation, as_text: frozenset[str] | None = None) -> str:
    """The table alone. With `as_text` these columns are text, and generated ones are plain."""
    if as_text is None:
        columns = ", ".join(map(_column_sql, relation.columns))
    else:
        columns = ", ".join(_plain_column_sql(column, column.name in as_text) for column in relation.columns)
    name = qualified(relation.relation_name)
    if relation.kind is RelationKind.PARTITIONED:
        return f"CREATE TABLE {name} ({columns}) PARTITION BY {relation.partition_key}"
    return f"CREATE TABLE {name} ({columns}){_options(relation, PLANNER_OPTIONS)}"


def view_item(relation: Relation) -> Item:
    name, options = qualified(relation.relation_name), _options(relation, VIEW_OPTIONS)
    body = (relation.view_definition or "").rstrip().removesuffix(";")
    return Item(stage=Stage.VIEW, what=table_name(relation), sql=f"CREATE VIEW {name}{options} AS {body}")


def index_items(catalog: Catalog) -> Iterator[Item]:
    """Constraints that bring an index, and the other indexes by their definition; invalid ones are never used."""
    partitioned = {r.relation_name for r in catalog.relations if r.kind is RelationKind.PARTITIONED}
    for constraint in catalog.constraints:
        if constraint.type in INDEX_CONSTRAINTS:
            yield _constraint_item(constraint, Stage.INDEX, INDEX_CONSTRAINTS[constraint.type])
    for index in catalog.indexes:
        if index.constraint is None and (index.valid or index.table in partitioned):
            yield Item(stage=Stage.INDEX, what=f"index {index.index_name}", sql=index.definition)
        if index.partition_of is not None and index.valid:
            sql = f"ALTER INDEX {qualified(index.partition_of)} ATTACH PARTITION {qualified(index.index_name)}"
            yield Item(stage=Stage.INDEX_FAMILY, what=f"index {index.partition_of} over {index.index_name}", sql=sql)


def foreign_key_items(catalog: Catalog) -> Iterator[Item]:
    """The planner takes join selectivities from foreign keys. Partitions, at either end, get their parent's with it."""
    parents = {r.relation_name: r.partition_of for r in catalog.relations}
    keys = [constraint for constraint in catalog.constraints if constraint.type == "f"]
    known = {(key.table, key.columns, key.references) for key in keys}
    for key in keys:
        of_parent = (parents.get(key.table), key.columns, key.references)
        to_parent = (key.table, key.columns, parents.get(key.references) if key.references else None)
        if of_parent not in known and to_parent not in known:
            yield _constraint_item(key, Stage.FOREIGN_KEY, "foreign key")


def statistics_items(catalog: Catalog) -> Iterator[Item]:
    """CREATE STATISTICS. Without data they change nothing; the data have a place of their own to come from."""
    for statistics in catalog.extended_statistics:
        if statistics.definition:
            what = f"extended statistics {statistics.schema}.{statistics.name}"
            yield Item(stage=Stage.STATISTICS, what=what, sql=statistics.definition)


def sequences_of(catalog: Catalog, words: Words) -> set[str]:
    """The sequences that defaults call, as the defaults write them; and those that statements and functions name."""
    columns = [(relation.relation_name, column) for relation in catalog.relations for column in relation.columns]
    defaults = (column.default for _, column in columns if column.default)
    identities = {(table, column.name) for table, column in columns if column.identity}
    standing = (one for one in catalog.sequences if (one.table, one.column) not in identities)
    named = (RelationName(one.schema, one.name) for one in standing if words.may_name(one.name))
    called = {name.replace("''", "'") for default in defaults for name in NEXTVAL.findall(default)}
    return called | {qualified(name) for name in named}


def foreign_tables(catalog: Catalog) -> list[Skipped]:
    return [
        Skipped(f"foreign table {relation.relation_name}", "it is planned as a local table: its server is not asked")
        for relation in catalog.relations
        if relation.kind is RelationKind.FOREIGN
    ]


def undefined(catalog: Catalog) -> list[Skipped]:
    """What cannot be created, or not as what it is, as the source did not show how it is defined."""
    missing = [(relation, _missing(relation)) for relation in catalog.relations]
    return [
        Skipped(table_name(relation), f"{what} could not be read from the source") for relation, what in missing if what
    ]


def _missing(relation: Relation) -> str | None:
    if relation.kind is RelationKind.VIEW and relation.view_definition is None:
        return VIEW_QUERY
    if relation.kind is RelationKind.PARTITIONED and relation.partition_key is None:
        return PARTITION_KEY
    return PARTITION_BOUND if relation.partition_of is not None and relation.partition_bound is None else None


def _plain_column_sql(column: Column, as_text: bool) -> str:
    if as_text:
        return f"{quote_identifier(column.name)} text"
    return _column_sql(msgspec.structs.replace(column, generated=""))


def _column_sql(column: Column) -> str:
    parts = [quote_identifier(column.name), column.type]
    if column.collation is not None:
        parts.append(f"COLLATE {qualified(collation_name(column.collation))}")
    if column.generated in GENERATED and column.default is not None:
        parts.append(f"GENERATED ALWAYS AS ({column.default}) {GENERATED[column.generated]}")
    if column.not_null:
        parts.append("NOT NULL")
    return " ".join(parts)


def collation_name(text: str) -> RelationName:
    """`schema.name` as the catalog gives it; the name may hold dots (en_US.utf8)."""
    schema, dot, name = text.partition(".")
    return RelationName(schema, name) if dot else RelationName("pg_catalog", text)


def _family_items(relation: Relation) -> Iterator[Item]:
    name = qualified(relation.relation_name)
    if relation.partition_of is not None and relation.partition_bound is not None:
        sql = f"ALTER TABLE ONLY {qualified(relation.partition_of)} ATTACH PARTITION {name} {relation.partition_bound}"
        yield Item(stage=Stage.FAMILY, what=f"partition {relation.relation_name}", sql=sql)
        return
    for parent in relation.inherits:
        sql = f"ALTER TABLE ONLY {name} INHERIT {qualified(parent)}"
        yield Item(stage=Stage.FAMILY, what=f"inheritance of {relation.relation_name} from {parent}", sql=sql)


def _default_items(relation: Relation) -> Iterator[Item]:
    """Defaults weigh in the cost of an INSERT."""
    for column in relation.columns:
        if column.default is None or column.generated:
            continue
        table, name = qualified(relation.relation_name), quote_identifier(column.name)
        sql = f"ALTER TABLE ONLY {table} ALTER COLUMN {name} SET DEFAULT {column.default}"
        yield Item(stage=Stage.DEFAULT, what=f"default of {relation.relation_name}.{column.name}", sql=sql)


def identity_items(catalog: Catalog) -> Iterator[Item]:
    """The next value costs something too. Partitions have that of the table that they are of."""
    names = {(one.table, one.column): RelationName(one.schema, one.name) for one in catalog.sequences}
    for relation in catalog.relations:
        for column in relation.columns:
            if column.identity not in IDENTITIES or relation.partition_of is not None:
                continue
            only = "" if relation.kind is RelationKind.PARTITIONED else "ONLY "
            table, name = qualified(relation.relation_name), quote_identifier(column.name)
            known = names.get((relation.relation_name, column.name))
            options = f" (SEQUENCE NAME {qualified(known)})" if known is not None else ""
            sql = (
                f"ALTER TABLE {only}{table} ALTER COLUMN {name}"
                f" ADD GENERATED {IDENTITIES[column.identity]} AS IDENTITY{options}"
            )
            yield Item(stage=Stage.DEFAULT, what=f"default of {relation.relation_name}.{column.name}", sql=sql)


def _constraint_item(constraint: Constraint, stage: Stage, kind: str) -> Item:
    only = "" if constraint.type == "f" else "ONLY "
    name, table = quote_identifier(constraint.name), qualified(constraint.table)
    sql = f"ALTER TABLE {only}{table} ADD CONSTRAINT {name} {constraint.definition}"
    return Item(stage=stage, what=f"{kind} {constraint.name} of {constraint.table}", sql=sql)


def _options(relation: Relation, known: set[str]) -> str:
    pairs = [option.partition("=") for option in relation.options]
    kept = ", ".join(f"{name} = {quote_literal(value)}" for name, _, value in pairs if name in known)
    return f" WITH ({kept})" if kept else ""


def _by_age(catalog: Catalog) -> list[Relation]:
    """Older first: an object rarely depends on a younger one."""
    return sorted(catalog.relations, key=lambda relation: relation.oid)


def table_name(relation: Relation) -> str:
    """In words: `view sales.totals`."""
    kind = {RelationKind.VIEW: "view", RelationKind.MATERIALIZED_VIEW: "materialized view"}
    return f"{kind.get(relation.kind, 'table')} {relation.relation_name}"

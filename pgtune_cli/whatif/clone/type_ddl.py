"""DDL of types, functions, aggregates and operators, from the catalog."""

import re
from collections.abc import Collection, Iterable, Iterator

from pgtune_cli.collect.connection import Connection
from pgtune_cli.model.catalog import Catalog, Function, Operator, RelationName, UserType
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.whatif.clone.item import Item, Stage
from pgtune_cli.whatif.clone.table_ddl import collation_name
from pgtune_cli.whatif.mentions import Words

SANDBOXED = ("sql", "plpgsql")
"""languages in which a function can do no more than its role may; C and internal functions can do anything"""


RESERVED = re.compile(r"(\n LANGUAGE [^\n]*\n(?: [A-Z][^\n]*?)?) LEAKPROOF\b")
"""a superuser's to say, of a function as pg_get_functiondef() writes it"""
LEAKPROOF = """
UPDATE pg_catalog.pg_proc p SET proleakproof = true
FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
  AS f(schema, name, arguments), pg_catalog.pg_namespace n
WHERE n.oid = p.pronamespace AND n.nspname = f.schema AND p.proname = f.name AND n.nspname <> 'pg_catalog'
  AND pg_catalog.pg_get_function_identity_arguments(p.oid) = f.arguments"""


def type_items(types: Iterable[UserType]) -> list[Item]:
    """Enums, domains, composites and ranges; base types are stubs, made by the superuser before."""
    items = []
    for user_type in types:
        sql = _type_sql(user_type)
        if sql is not None:
            items.append(Item(stage=Stage.TYPE, what=f"type {user_type.schema}.{user_type.name}", sql=sql))
    return items


def _type_sql(user_type: UserType) -> str | None:
    name = qualified(RelationName(user_type.schema, user_type.name))
    match user_type.kind:
        case "e":
            return f"CREATE TYPE {name} AS ENUM ({', '.join(map(quote_literal, user_type.labels))})"
        case "c":
            attributes = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in user_type.attributes)
            return f"CREATE TYPE {name} AS ({attributes})"
        case "r" if user_type.base_type is not None:
            return f"CREATE TYPE {name} AS RANGE ({', '.join(_of_range(user_type))})"
        case "d" if user_type.base_type is not None:
            return f"CREATE DOMAIN {name} AS {' '.join(_of_domain(user_type))}"
    return None


def _of_range(one: UserType) -> Iterator[str]:
    yield f"SUBTYPE = {one.base_type}"
    if one.subtype_opclass is not None:
        yield f"SUBTYPE_OPCLASS = {one.subtype_opclass}"
    if one.collation is not None:
        yield f"COLLATION = {qualified(collation_name(one.collation))}"
    if one.subtype_diff is not None:
        yield f"SUBTYPE_DIFF = {one.subtype_diff}"
    if one.multirange is not None:
        yield f"MULTIRANGE_TYPE_NAME = {qualified(RelationName(one.schema, one.multirange))}"


def _of_domain(one: UserType) -> Iterator[str]:
    yield str(one.base_type)
    if one.collation is not None:
        yield f"COLLATE {qualified(collation_name(one.collation))}"
    if one.default is not None:
        yield f"DEFAULT {one.default}"
    if one.not_null:
        yield "NOT NULL"
    yield from one.checks


def function_items(
    snapshot: Snapshot, catalog: Catalog, there: Collection[Function] = ()
) -> tuple[list[Item], list[Skipped]]:
    """The functions that the workload, the tables or each other mention; the rest of the catalog's is left out.

    Those that are `there` already are too.
    """
    items, lost = [], []
    operators = _operators(snapshot, catalog)
    words = Words([*texts_of(snapshot, catalog), *(one.function or "" for one in operators)])
    for function in _mentioned(catalog.functions, words):
        name = f"function {function.schema}.{function.name}({function.arguments})"
        if function in there:
            continue
        if function.kind == "a" and function.aggregate is not None:
            items.append(Item(stage=Stage.OPERATOR, what=name, sql=function.aggregate))
        elif function.language not in SANDBOXED or function.definition is None:
            lost.append(Skipped(name, f"a {_kind(function)} is not taken over to the clone"))
        else:
            items.append(Item(stage=Stage.FUNCTION, what=name, sql=RESERVED.sub(r"\1", function.definition)))
    return items, lost


async def call_leakproof(admin: Connection, functions: Iterable[Function]) -> None:
    """Those that the source calls so: their conditions may come before those of row security."""
    found = [one for one in functions if RESERVED.search(one.definition or "")]
    if found:
        columns = zip(*((one.schema, one.name, one.arguments) for one in found), strict=True)
        await admin.fetch(LEAKPROOF, *map(list, columns))


def operator_items(snapshot: Snapshot, catalog: Catalog) -> tuple[list[Item], list[Skipped]]:
    """Those that the workload or the tables may use."""
    items, lost = [], []
    for one in _operators(snapshot, catalog):
        what = f"operator {one.schema}.{one.name}({one.left_type or 'NONE'}, {one.right_type or 'NONE'})"
        if one.function is None:
            lost.append(Skipped(what, "its function was not read from the source"))
        else:
            items.append(Item(stage=Stage.OPERATOR, what=what, sql=_operator_sql(one)))
    return items, lost


def _operator_sql(one: Operator) -> str:
    parts = [f"FUNCTION = {one.function}"]
    optional = {
        "LEFTARG": one.left_type,
        "RIGHTARG": one.right_type,
        "COMMUTATOR": one.commutator,
        "NEGATOR": one.negator,
        "RESTRICT": one.restrict,
        "JOIN": one.join,
    }
    parts += [f"{key} = {value}" for key, value in optional.items() if value is not None]
    parts += ["HASHES"] * one.hashes + ["MERGES"] * one.merges
    # the name of an operator cannot be quoted
    return f"CREATE OPERATOR {quote_identifier(one.schema)}.{one.name} ({', '.join(parts)})"


def _operators(snapshot: Snapshot, catalog: Catalog) -> list[Operator]:
    words = Words(texts_of(snapshot, catalog))
    return [one for one in catalog.operators if words.may_name(one.name)]


def _kind(function: Function) -> str:
    return "user-defined aggregate" if function.kind == "a" else f"function in language {function.language}"


def _mentioned(functions: Iterable[Function], words: Words) -> list[Function]:
    """Fixpoint: a function that is taken brings the ones that its body mentions."""
    waiting = [f for f in functions if f.extension is None and f.result not in ("trigger", "event_trigger")]
    taken: list[Function] = []
    while True:
        fresh = [function for function in waiting if function.kind in "faw" and words.may_name(function.name)]
        if not fresh:
            return taken
        taken.extend(fresh)
        waiting = [function for function in waiting if function not in fresh]
        for function in fresh:
            words.add(function.definition or function.aggregate or "")


def texts_of(snapshot: Snapshot, catalog: Catalog) -> Iterable[str]:
    """Every text that can call a function."""
    yield from (row.query for row in snapshot.workload.rows)
    yield from (sample.query for sample in snapshot.workload.samples)
    for relation in catalog.relations:
        yield relation.view_definition or ""
        yield relation.partition_key or ""
        yield from (column.default or "" for column in relation.columns)
    yield from (index.definition for index in catalog.indexes)
    yield from (constraint.definition for constraint in catalog.constraints)
    yield from (statistics.definition for statistics in catalog.extended_statistics)
    yield from (f"{policy.using or ''} {policy.check or ''}" for policy in catalog.policies)
    for user_type in catalog.types:
        yield from (user_type.default or "", user_type.subtype_diff or "", *user_type.checks)
    yield from (rule.definition for rule in catalog.rules)
    yield from (cast.function or "" for cast in catalog.casts)
    for family in catalog.operator_families:
        yield from (text for _, text in (*family.operators, *family.functions))

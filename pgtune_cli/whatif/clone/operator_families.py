"""Operator families of btree and hash, with their classes: made by the superuser, who alone may.

A class is asked for to order and to hash values, with the types that its functions declare. So a member is taken
over only if it is an operator or a function of the clone whose own types are those of the family: then it gets no
value of another type than it expects, whatever it does with it. An index calls its functions without asking who may:
none is taken that not everybody may call. Left out are support functions that take what is
internal to the server (sort support, skip support, options): no plan depends on them. Classes of GiST, GIN, SP-GiST
and BRIN consist of nothing else: none of those is taken over. Every name is printed by the server that looked it up.
"""

from collections.abc import Iterable, Iterator

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import FamilyClass, OperatorFamily, RelationName
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.sql.quote import qualified
from pgtune_cli.whatif.reason import reason_of

METHODS = {"btree": {1: 2, 3: 5, 4: 1}, "hash": {1: 1, 2: 2}}
"""the support functions that are taken over, and how many arguments they have: to compare, for ranges of windows,
whether equal values look equal; to hash, and to hash with a seed."""
EQUAL_IMAGE = 4
"""of btree; its argument is the oid of a type, so that only a built-in one is taken"""

TYPE = """
SELECT t.oid::pg_catalog.regtype::text FROM pg_catalog.pg_type t
WHERE t.oid = pg_catalog.to_regtype($1) AND t.typtype <> 'p'"""

OPERATORS = """
SELECT s.number, o.oid::pg_catalog.regoperator::text AS name, o.oprleft::pg_catalog.regtype::text AS "left",
  o.oprright::pg_catalog.regtype::text AS "right"
FROM ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::text[])) AS s(number, text)
JOIN pg_catalog.pg_operator o ON o.oid = pg_catalog.to_regoperator(s.text)
JOIN pg_catalog.pg_type l ON l.oid = o.oprleft JOIN pg_catalog.pg_type r ON r.oid = o.oprright
WHERE l.typtype <> 'p' AND r.typtype <> 'p' AND o.oprresult = 'bool'::pg_catalog.regtype AND o.oprcode <> 0
ORDER BY s.number, o.oid"""

FUNCTIONS = """
SELECT s.number, p.oid::pg_catalog.regprocedure::text AS name, p.pronargs AS arguments,
  p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AS built_in,
  p.proargtypes[0]::pg_catalog.regtype::text AS "left",
  COALESCE(NULLIF(p.proargtypes[1], 0), p.proargtypes[0])::pg_catalog.regtype::text AS "right"
FROM ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::text[])) AS s(number, text)
JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.to_regprocedure(s.text)
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname IN ('internal', 'sql', 'plpgsql') AND p.prokind = 'f' AND NOT p.proretset AND p.pronargs > 0
  AND p.provolatile = 'i' AND (p.proacl IS NULL OR l.lanname <> 'internal')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t
                  WHERE t.typtype = 'p' AND (t.oid = p.prorettype OR t.oid = ANY (p.proargtypes)))
ORDER BY s.number, p.oid"""


class _Member(msgspec.Struct, frozen=True):
    sql: str
    """`OPERATOR 1 public.<(…)`."""
    types: tuple[str, str] | None
    """None: of every class."""


async def create_families(admin: Connection, families: Iterable[OperatorFamily]) -> list[Skipped]:
    """After the operators and functions, before the indexes."""
    lost = []
    for family in families:
        if family.method not in METHODS:
            continue
        try:
            lost += await _create(admin, family)
        except PostgresError as error:
            lost.append(Skipped(f"operator family {family.schema}.{family.name}", reason_of(error)))
    return lost


async def _create(admin: Connection, family: OperatorFamily) -> list[Skipped]:
    name = f"{qualified(RelationName(family.schema, family.name))} USING {family.method}"
    await admin.execute(f"CREATE OPERATOR FAMILY {name}")
    members = await _members(admin, family)
    lost, taken = [], set()
    for one in family.classes:
        type_name = await admin.fetchval(TYPE, one.type)
        of_class = [member for member in members if member.types in (None, (type_name, type_name))]
        try:
            if type_name is None or not of_class:
                raise ValueError("its type, or its operators and functions, are not in the clone")
            await admin.execute(_class_sql(one, type_name, family, of_class))
            taken.update(of_class)
        except (PostgresError, ValueError) as error:
            why = reason_of(error) if isinstance(error, PostgresError) else str(error)
            lost.append(Skipped(f"operator class {one.schema}.{one.name}", why))
    for member in members:
        if member.types is not None and member not in taken:
            lost += await _add(admin, name, member)
    return lost


async def _add(admin: Connection, family: str, member: _Member) -> list[Skipped]:
    """One for two types, which belongs to the family alone."""
    try:
        assert member.types is not None
        await admin.execute(f"ALTER OPERATOR FAMILY {family} ADD {member.sql}")
    except PostgresError as error:
        return [Skipped(f"{member.sql} of operator family {family}", reason_of(error))]
    return []


def _class_sql(one: FamilyClass, type_name: str, family: OperatorFamily, members: Iterable[_Member]) -> str:
    default = "DEFAULT " if one.default else ""
    return (
        f"CREATE OPERATOR CLASS {qualified(RelationName(one.schema, one.name))} {default}FOR TYPE {type_name}"
        f" USING {family.method} FAMILY {qualified(RelationName(family.schema, family.name))}"
        f" AS {', '.join(member.sql for member in members)}"
    )


async def _members(admin: Connection, family: OperatorFamily) -> list[_Member]:
    operators = await admin.fetch(OPERATORS, *_columns(family.operators))
    found = [_Member(f"OPERATOR {row['number']} {row['name']}", (row["left"], row["right"])) for row in operators]
    known = METHODS[family.method]
    for row in await admin.fetch(FUNCTIONS, *_columns(family.functions)):
        number = row["number"]
        if known.get(number) != row["arguments"]:
            continue
        if family.method == "btree" and number == EQUAL_IMAGE:
            if row["built_in"]:
                found.append(_Member(f"FUNCTION {number} {row['name']}", None))
            continue
        types = (row["left"], row["left"]) if family.method == "hash" else (row["left"], row["right"])
        found.append(_Member(f"FUNCTION {number} {row['name']}", types))
    return list(_once(found))


def _columns(pairs: Iterable[tuple[int, str]]) -> tuple[list[int], list[str]]:
    some = [(number, text) for number, text in pairs if -(2**31) <= number < 2**31]
    return [number for number, _ in some], [text for _, text in some]


def _once(members: Iterable[_Member]) -> Iterator[_Member]:
    """EQUAL_IMAGE is listed for every type."""
    yield from dict.fromkeys(members)

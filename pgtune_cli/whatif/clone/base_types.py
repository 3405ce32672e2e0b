"""Base types that are no part of an extension of this server: made by the superuser, before any definition runs.

Only what is harmless by itself: a type is either a built-in one by another name, or text. A function in language
internal is taken over where the built-in one that it calls takes and returns the same bytes; a cast without function
where both types are the same by another name. All that comes from the snapshot is a name, or looked up by one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Cast, Catalog, Function, RelationName, UserType
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.whatif.clone.item import SERVICE
from pgtune_cli.whatif.reason import reason_of

_AS_TEXT = {
    "name": "pg_catalog.text", "collatable": True, "reads": "textin", "writes": "textout", "sends": None, "arguments": 1
}  # fmt: skip
CONTEXTS = {"a": " AS ASSIGNMENT", "i": " AS IMPLICIT"}
VOLATILITIES = {"i": "IMMUTABLE", "s": "STABLE"}

LIKE = """
SELECT pg_catalog.format('%I.%I', n.nspname, t.typname) AS name, t.typcollation <> 0 AS collatable,
  i.prosrc AS reads, o.prosrc AS writes, i.pronargs AS arguments, s.prosrc AS sends
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_proc i ON i.oid = t.typinput JOIN pg_catalog.pg_proc o ON o.oid = t.typoutput
LEFT JOIN pg_catalog.pg_proc s ON s.oid = t.typsend
WHERE t.oid = pg_catalog.to_regtype($1) AND n.nspname = 'pg_catalog' AND t.typtype = 'b' AND t.typelem = 0"""
"""a built-in type, with the functions that read and write it."""

INTERNAL = """
SELECT p.prosrc, p.proisstrict AS strict, p.prosupport = 0 AS plain,
  ARRAY(SELECT pg_catalog.format_type(a, NULL) FROM pg_catalog.unnest($2::text[]) WITH ORDINALITY AS s(t, n)
        JOIN LATERAL (SELECT pg_catalog.to_regtype(t)::oid AS a) AS k ON true ORDER BY n) AS arguments,
  pg_catalog.format_type(pg_catalog.to_regtype($4), NULL) AS result
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname = 'internal' AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.prosrc = $1
  AND p.prokind = 'f' AND NOT p.proretset AND p.provolatile = 'i' AND p.proacl IS NULL
  AND ARRAY(SELECT a FROM ROWS FROM (pg_catalog.unnest(p.proargtypes)) AS k(a)) OPERATOR(pg_catalog.=)
    ARRAY(SELECT pg_catalog.to_regtype(t)::oid FROM pg_catalog.unnest($3::text[]) WITH ORDINALITY AS s(t, n) ORDER BY n)
  AND p.prorettype = pg_catalog.to_regtype($5)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t
                  WHERE t.typtype = 'p' AND (t.oid = p.prorettype OR t.oid = ANY (p.proargtypes)))
LIMIT 1"""
"""the built-in function that calls $1 for the types $3 and returns $5; $2 and $4 are those of the one that is made.
None that not everybody may call."""


class BaseTypes:
    """Makes them in a clone, and knows what each of them is."""

    def __init__(self, admin: Connection, catalog: Catalog, present: Iterable[str]) -> None:
        self._admin, self._catalog, self._present = admin, catalog, frozenset(present)
        self._like: dict[str, str] = {}
        """by the name in signatures: the built-in type that it is."""
        self.functions: set[Function] = set()
        self.casts: set[Cast] = set()

    async def create(self) -> list[Skipped]:
        lost = []
        for one in self._catalog.types:
            if one.kind == "b" and one.extension not in self._present:
                lost += await self._create(one)
        for function in self._catalog.functions:
            await self._function(function)
        for cast in self._catalog.casts:
            await self._cast(cast)
        return lost

    async def _create(self, one: UserType) -> list[Skipped]:
        what, name = f"type {one.schema}.{one.name}", qualified(RelationName(one.schema, one.name))
        try:
            like = await self._admin.fetchrow(LIKE, one.base_type) if one.base_type is not None else None
            for sql in _type(name, one, _AS_TEXT if like is None else dict(like)):
                await self._admin.execute(sql)
            if like is None:
                await self._admin.execute(f"CREATE CAST ({name} AS pg_catalog.text) WITHOUT FUNCTION AS IMPLICIT")
                return [Skipped(what, "stands as a plain text type: its own operators are missing")]
            self._like[_signature_name(one)] = str(one.base_type)
        except PostgresError as error:
            return [Skipped(what, reason_of(error))]
        return []

    async def _function(self, one: Function) -> None:
        """One that is not made stays lost, and is named as that."""
        if one.language != "internal" or one.extension is not None or one.source is None:
            return
        types = [part.strip() for part in one.arguments.split(",")] if one.arguments else []
        if not any(part in self._like for part in (*types, one.result)):
            return
        built_in = [self._like.get(part, part) for part in types]
        name = qualified(RelationName(one.schema, one.name))
        try:
            found = await self._admin.fetchrow(
                INTERNAL, one.source, types, built_in, one.result, self._like.get(one.result, one.result)
            )
            if found is None or not found["plain"]:
                return
            # a function that expects no NULL would read one as an address
            strict = " STRICT" if found["strict"] or one.strict else ""
            await self._admin.execute(
                f"CREATE FUNCTION {name}({', '.join(found['arguments'])}) RETURNS {found['result']}"
                f" LANGUAGE internal {VOLATILITIES.get(one.volatility, 'VOLATILE')}{strict}{_planned(one)}"
                f" AS {quote_literal(found['prosrc'])}"
            )
            self.functions.add(one)
        except PostgresError:
            return

    async def _cast(self, one: Cast) -> None:
        """From a type to what it is, or back."""
        if one.method != "b":
            return
        names = {self._like.get(one.source, one.source), self._like.get(one.target, one.target)}
        if len(names) != 1 or one.source == one.target:
            return
        ends = "SELECT pg_catalog.format_type(pg_catalog.to_regtype($1), NULL)"
        try:
            source, target = [await self._admin.fetchval(ends, name) for name in (one.source, one.target)]
            context = CONTEXTS.get(one.context, "")
            await self._admin.execute(f"CREATE CAST ({source} AS {target}) WITHOUT FUNCTION{context}")
            self.casts.add(one)
        except PostgresError:
            return


def _signature_name(one: UserType) -> str:
    """As format_type() prints it under an empty search_path."""
    return qualified(RelationName(one.schema, one.name))


def _planned(one: Function) -> str:
    """What the planner asks of it, from its definition."""
    parallel = re.search(r" PARALLEL (SAFE|RESTRICTED)\b", one.definition or "")
    cost = re.search(r" COST (\d{1,9})\b", one.definition or "")
    return (f" PARALLEL {parallel[1]}" if parallel else "") + (f" COST {cost[1]}" if cost else "")


def _type(name: str, one: UserType, like: Mapping[str, Any]) -> Iterator[str]:
    """With functions that nobody else's name can hide."""
    functions = {"INPUT": like["reads"], "OUTPUT": like["writes"], "SEND": like["sends"]}
    takes = {"INPUT": "cstring, pg_catalog.oid, pg_catalog.int4" if like["arguments"] == 3 else "cstring"}
    returns = {"INPUT": name, "OUTPUT": "cstring", "SEND": "pg_catalog.bytea"}
    yield f"CREATE TYPE {name}"
    parts = []
    for role, source in functions.items():
        if source is None:
            continue
        function = f"{SERVICE}.{quote_identifier(f'{one.schema}.{one.name} {role.lower()}')}"
        yield (
            f"CREATE FUNCTION {function}({takes.get(role, name)}) RETURNS {returns[role]}"
            f" IMMUTABLE STRICT PARALLEL SAFE LANGUAGE internal AS {quote_literal(source)}"
        )
        parts.append(f"{role} = {function}")
    collatable = ", COLLATABLE = true" if like["collatable"] else ""
    yield f"CREATE TYPE {name} ({', '.join(parts)}, LIKE = {like['name']}{collatable})"

"""What the superuser lays before a clone is built: a database, a role without rights, extensions, stand-ins.

A snapshot is a file that anyone may have written. Its definitions run as the role OWNER, in a server that listens on
a private socket: it cannot read or write files, run programs or load libraries. Nothing of the snapshot but names is
put into a superuser's statement, and all of that before the first definition runs.
"""

from collections.abc import Iterable, Iterator

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, Extension, RelationName
from pgtune_cli.model.snapshot import Server, Skipped
from pgtune_cli.sql.quote import qualified, quote_identifier, quote_literal
from pgtune_cli.whatif.clone.base_types import BaseTypes
from pgtune_cli.whatif.clone.item import RUN_FUNCTION, SERVICE
from pgtune_cli.whatif.clone.table_ddl import collation_name
from pgtune_cli.whatif.reason import reason_of

OWNER = "pgtune_clone_owner"
DATABASE = "clone"
HARMLESS = {
    "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance", "fuzzystrmatch",
    "hstore", "intarray", "isn", "lo", "ltree", "pg_trgm", "pgcrypto", "plpgsql", "seg", "tablefunc",
    "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector",
}  # fmt: skip
"""extensions of types, operators and functions. No others: a language or a foreign data wrapper reaches further"""
LINGUISTIC = ("en_US.UTF-8", "C.UTF-8")
"""libc locales that are not C, by preference: what a locale that this machine lacks is replaced by"""
DATABASE_COLLATION = "default"

SHOW_FUNCTION = f"""
CREATE FUNCTION {SERVICE}.show(shown oid[], hidden oid[]) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
  UPDATE pg_catalog.pg_index SET indisvalid = indexrelid = ANY (shown)
  FROM pg_catalog.pg_class c, pg_catalog.pg_roles r
  WHERE indexrelid = ANY (shown || hidden) AND indisvalid IS DISTINCT FROM (indexrelid = ANY (shown))
    AND c.oid = indexrelid AND c.relowner = r.oid AND r.rolname = '{OWNER}'
$$"""
"""Plans are made as OWNER, who may not write pg_index; this is the one thing of it that it needs."""
INSTEAD_FUNCTION = f"""
CREATE FUNCTION {SERVICE}.instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"""
"""That a view has a trigger INSTEAD OF a command makes the plan; what it does is nothing that the planner looks at."""


async def create_database(admin: Connection, server: Server, statement_timeout_s: float) -> list[Skipped]:
    """The role OWNER and a database for it, with the source's locale or one that sorts alike: as C, or not.

    The database is not its own: an owner may add trusted extensions, languages among them.
    """
    await admin.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
    await admin.execute(f"ALTER ROLE {OWNER} SET statement_timeout = {round(statement_timeout_s * 1000)}")
    problem: PostgresError | None = None
    for locale, options in _locales(server):
        try:
            await admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' {options}")
        except PostgresError as error:
            problem = error
        else:
            return [] if locale is None else [Skipped("collation of the database", replaced_by(locale))]
    assert problem is not None
    raise problem


async def drop_others(admin: Connection) -> None:
    """The databases that initdb made: 7 MiB each, and nobody asks for them again."""
    await admin.execute("UPDATE pg_catalog.pg_database SET datistemplate = false")
    for name in ("template0", "template1", "postgres"):
        await admin.execute(f"DROP DATABASE IF EXISTS {name}")


async def reset_owner(admin: Connection, statement_timeout_s: float) -> None:
    """Before it connects: a function that an index calls may have changed what its sessions begin with."""
    await admin.execute(f"ALTER ROLE {OWNER} RESET ALL")
    await admin.execute(f"ALTER ROLE {OWNER} IN DATABASE {DATABASE} RESET ALL")
    await admin.execute(f"ALTER ROLE {OWNER} SET statement_timeout = {round(statement_timeout_s * 1000)}")


def _locales(server: Server) -> Iterator[tuple[str | None, str]]:
    """What stands in for the source's locale, if anything does, and the options for it.

    A builtin locale sorts as C does, under its own name; ICU's and libc's are linguistic unless they are C.
    """
    if server.locale_provider == "b":
        yield None, "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    elif server.locale_provider == "i" or server.collate not in ("C", "POSIX"):
        if server.locale_provider != "i":
            yield None, f"LOCALE_PROVIDER libc LOCALE {quote_literal(server.collate)}"
        yield from ((locale, f"LOCALE_PROVIDER libc LOCALE '{locale}'") for locale in LINGUISTIC)
    yield None, "LOCALE_PROVIDER libc LOCALE 'C'"


def replaced_by(locale: str) -> str:
    return f"replaced by {locale}: ranges of text may be estimated differently"


async def lay_ground(admin: Connection, catalog: Catalog) -> tuple[BaseTypes, list[Skipped]]:
    """Schemas, extensions, base types, stand-ins for collations, and the service functions. Returns what is lost."""
    await admin.execute("SET search_path = ''")
    await admin.execute(f"CREATE SCHEMA {SERVICE}")
    await admin.execute(SHOW_FUNCTION)
    await admin.execute(RUN_FUNCTION)
    await admin.execute(INSTEAD_FUNCTION)
    await admin.execute(f"GRANT USAGE ON SCHEMA {SERVICE} TO {OWNER}")
    await admin.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER}")
    lost = await _schemas(admin, catalog)
    # where OWNER can put no function of the same name beside its own
    await admin.execute(f"CREATE EXTENSION pg_buffercache SCHEMA {SERVICE}")
    present, without = await _extensions(admin, catalog.extensions)
    lost += without
    base = BaseTypes(admin, catalog, present)
    lost += await base.create()
    lost += await _collations(admin, catalog)
    return base, lost


async def _schemas(admin: Connection, catalog: Catalog) -> list[Skipped]:
    lost = []
    for schema in sorted(schema_names(catalog)):
        try:
            await admin.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(schema)} AUTHORIZATION {OWNER}")
        except PostgresError as error:
            lost.append(Skipped(f"schema {schema}", reason_of(error)))
    return lost


def schema_names(catalog: Catalog) -> set[str]:
    """Those that the clone has."""
    kinds = (catalog.relations, catalog.types, catalog.functions, catalog.extensions, catalog.extended_statistics)
    names = {thing.schema for things in kinds for thing in things}
    return {name for name in names if not name.startswith("pg_") and name not in (SERVICE, "information_schema")}


async def _extensions(admin: Connection, extensions: Iterable[Extension]) -> tuple[set[str], list[Skipped]]:
    """Those that this server has and that can do no harm."""
    known = {row["name"] for row in await admin.fetch("SELECT name FROM pg_available_extensions")}
    present, lost = {"plpgsql", "pg_buffercache"}, []
    for extension in extensions:
        if extension.name in present:
            continue
        if extension.name not in known or extension.name not in HARMLESS:
            lost.append(Skipped(f"extension {extension.name}", "the clone's server does not have it"))
            continue
        schema = "" if extension.schema.startswith("pg_") else f" SCHEMA {quote_identifier(extension.schema)}"
        try:
            await admin.execute(f"CREATE EXTENSION {quote_identifier(extension.name)}{schema} CASCADE")
            present.add(extension.name)
        except PostgresError as error:
            lost.append(Skipped(f"extension {extension.name}", reason_of(error)))
    return present, lost


async def _collations(admin: Connection, catalog: Catalog) -> list[Skipped]:
    """Stand-ins by the same name for the collations that this machine lacks, so that definitions find them."""
    lost = []
    for name in sorted(_collation_names(catalog)):
        literal = quote_literal(qualified(name))
        if await admin.fetchval(f"SELECT to_regcollation({literal}) IS NOT NULL"):
            continue
        what = f"collation {name}"
        try:
            lost.append(Skipped(what, replaced_by(await _stand_in(admin, name))))
        except PostgresError as error:
            lost.append(Skipped(what, reason_of(error)))
    return lost


def _collation_names(catalog: Catalog) -> set[RelationName]:
    columns = {column.collation for relation in catalog.relations for column in relation.columns}
    keys = {key.collation for index in catalog.indexes for key in index.keys}
    types = {one.collation for one in catalog.types}
    return {collation_name(text) for text in columns | keys | types if text is not None} - {
        RelationName("pg_catalog", DATABASE_COLLATION)
    }


async def _stand_in(admin: Connection, name: RelationName) -> str:
    """The locale that was taken. None of them calls different texts equal, as nondeterministic collations do."""
    if not name.schema.startswith("pg_"):
        await admin.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(name.schema)} AUTHORIZATION {OWNER}")
    problem: PostgresError | None = None
    for locale in LINGUISTIC:
        try:
            await admin.execute(f"CREATE COLLATION {qualified(name)} (PROVIDER = libc, LOCALE = '{locale}')")
        except PostgresError as error:
            problem = error
        else:
            return locale
    assert problem is not None
    raise problem

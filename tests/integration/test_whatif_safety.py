"""A snapshot is a file that anyone may have written: what it brings runs, if at all, without rights."""

import asyncio
import resource
from pathlib import Path

import msgspec
import pytest
from support.whatif_source import candidate, request

from pgtune_cli.cli.clone_plans import with_clone_plans
from pgtune_cli.cli.console import Notes
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.explain.options import ExplainOptions
from pgtune_cli.model.catalog import (
    Cast,
    Catalog,
    Column,
    ExtendedStatistics,
    Extension,
    FamilyClass,
    Function,
    Index,
    IndexKey,
    OperatorFamily,
    Policy,
    Relation,
    RelationKind,
    RelationName,
    Role,
    Rule,
    TextSearchDictionary,
    UserType,
)
from pgtune_cli.model.extended import CommonRow, ExpressionStatistics, ExtendedData, Extremes
from pgtune_cli.model.snapshot import Server, Snapshot, StatementRow, Workload
from pgtune_cli.model.statement import Statement
from pgtune_cli.server.kept_data import DataCache
from pgtune_cli.whatif.clone import Clone, open_clone
from pgtune_cli.whatif.clone.limits import Limits
from pgtune_cli.whatif.protocol import Cost
from pgtune_cli.whatif.reason import ENDED

pytestmark = pytest.mark.pg

TABLE = Relation(
    oid=1,
    schema="sales",
    name="orders",
    kind=RelationKind.TABLE,
    relpages=10,
    reltuples=1000,
    pages=10,
    columns=(Column(attnum=1, name="id", type="integer", not_null=True),),
)
QUERY = "SELECT * FROM sales.orders WHERE id = 5"


def function(name: str, definition: str, language: str = "sql") -> Function:
    return Function(
        schema="sales",
        name=name,
        arguments="",
        result="integer",
        language=language,
        kind="f",
        volatility="i",
        definition=definition,
    )


def immutable_but_not(name: str, body: str) -> tuple[Function, Function]:
    """A function that the planner calls for its value, and the one in which it does something else."""
    does = f"CREATE FUNCTION sales.{name}_does() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN {body}; END'"
    lies = (
        f"CREATE FUNCTION sales.{name}() RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        f"'BEGIN PERFORM sales.{name}_does(); RETURN 1; END'"
    )
    return function(f"{name}_does", does, "plpgsql"), function(name, lies, "plpgsql")


def snapshot(*functions: Function, settings: dict[str, str] | None = None, **catalog: object) -> Snapshot:
    """All functions are called by the workload, so that they are wanted."""
    calls = " + ".join(f"sales.{item.name}()" for item in functions) or "1"
    row = StatementRow(
        queryid="1", role="app", query=f"SELECT {calls}", calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0
    )
    return Snapshot(
        pgtune_version="0",
        server=Server(version_num=180000, version="", database="d", user="u", settings=settings or {}),
        workload=Workload(source="workload", rows=(row,)),
        catalog=Catalog(**{"relations": (TABLE,), "functions": functions} | catalog),  # type: ignore[arg-type]
    )


async def still_works(clone: Clone) -> None:
    assert isinstance((await clone.create([candidate("orders", "id")]))[candidate("orders", "id")], int)
    assert isinstance((await clone.costs([request(QUERY, candidate("orders", "id"))]))[0], Cost)


def lost_of(hostile: Snapshot) -> dict[str, str]:
    async def main() -> dict[str, str]:
        async with open_clone(hostile) as clone:
            await still_works(clone)
            return {skipped.what: skipped.why for skipped in clone.lost}

    return asyncio.run(main())


def test_definitions_run_without_rights(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    tmp_path.chmod(0o777)
    texts = {
        "program": f"COPY (SELECT 1) TO PROGRAM 'touch {proof}'",
        "write": f"COPY (SELECT 1) TO '{proof}'",
        "read": "COPY sales.orders FROM '/etc/passwd'",
        "library": "LOAD '/tmp/evil.so'",
        "native": "CREATE FUNCTION sales.native() RETURNS int LANGUAGE c AS '/tmp/evil', 'run'",
        "internal": "CREATE FUNCTION sales.internal() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
        "event": "CREATE EVENT TRIGGER event ON ddl_command_start EXECUTE FUNCTION sales.x()",
        "rise": "ALTER ROLE pgtune_clone_owner SUPERUSER",
        "become": "SET SESSION AUTHORIZATION postgres",
        "role": "SET ROLE postgres",
        "preload": "ALTER DATABASE clone SET session_preload_libraries = 'evil'",
        "extend": "CREATE EXTENSION dblink",
        "catalog": "UPDATE pg_catalog.pg_authid SET rolsuper = true",
        "system": "ALTER SYSTEM SET archive_command = 'touch /tmp/evil'",
        "two": "SELECT 1; SELECT 2",
        "trusted": "CREATE EXTENSION hstore",
        "file": "SELECT pg_catalog.pg_read_file('/etc/passwd')",
        "folder": "SELECT pg_catalog.pg_ls_dir('/')",
        "large": "SELECT pg_catalog.lo_import('/etc/passwd')",
        "stat": "SELECT pg_catalog.pg_stat_file('/etc/passwd')",
        "network": "SELECT * FROM dblink('host=127.0.0.1', 'SELECT 1') AS t(a int)",
        "wrapper": "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw",
        "subscribe": "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p",
        "language": "CREATE FUNCTION sales.language() RETURNS int LANGUAGE plperl AS 'return 1'",
        "untrusted": "CREATE FUNCTION sales.u() RETURNS int LANGUAGE plperlu AS 'return 1'",
        "schema": "CREATE SCHEMA mine",
        "others": "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usesysid = 10",
        "bytes": "SELECT '\\xdeadbeef'::bytea::pg_catalog.pg_mcv_list",
        "space": "CREATE TABLESPACE t LOCATION '/tmp'",
        "admins": "CREATE ROLE admin SUPERUSER",
        "log": "SET log_statement = 'all'",
    }
    lost = lost_of(snapshot(*(function(name, text) for name, text in texts.items())))
    named = [what for what in lost if what.startswith("function ")]
    assert sorted(named) == sorted(f"function sales.{name}()" for name in texts)
    assert not proof.exists()


def test_functions_in_other_languages_are_not_taken_over() -> None:
    lost = lost_of(snapshot(function("native", "CREATE FUNCTION …", language="c")))
    assert lost["function sales.native()"] == "a function in language c is not taken over to the clone"


def test_a_function_that_is_run_by_the_planner_has_no_rights(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    tmp_path.chmod(0o777)
    bodies = {
        "program": f"COPY (SELECT 1) TO PROGRAM ''touch {proof}''",
        "role": "SET ROLE postgres",
        "shadow": "CREATE TEMP TABLE pg_index AS SELECT * FROM pg_catalog.pg_index; "
        "PERFORM pgtune_clone.show(ARRAY[1::oid], ARRAY[2::oid])",
    }
    functions = [item for name, body in bodies.items() for item in immutable_but_not(name, body)]

    async def main() -> None:
        async with open_clone(snapshot(*functions)) as clone:
            assert clone.lost == ()
            answers = await clone.costs([request(f"{QUERY} AND id > sales.{name}()") for name in bodies])
            assert answers[0] == "permission denied to COPY to or from an external program"
            assert answers[1] == 'cannot set parameter "role" within security-definer function'
            assert not await clone.connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            await still_works(clone)

    asyncio.run(main())
    assert not proof.exists()


def test_functions_by_names_of_postgresqls_own_are_not_called_by_the_superuser(tmp_path: Path) -> None:
    """A search_path of the snapshot puts them first: for the one who made them, also in a clone that was kept."""
    tmp_path.chmod(0o777)
    arguments = {
        "to_regclass": ("text", "regclass"),
        "pg_relation_filepath": ("regclass", "text"),
        "format_type": ("oid, text", "text"),
        "unnest": ("oid[]", "oid"),
        "array_agg": ("int2", "text"),
    }
    functions = tuple(
        msgspec.structs.replace(
            function(
                name,
                f"CREATE FUNCTION sales.{name}({given}) RETURNS {result} LANGUAGE plpgsql AS"
                f" $$BEGIN COPY (SELECT 1) TO '{tmp_path}/proof'; RETURN NULL; END$$",
                "plpgsql",
            ),
            arguments=given,
            result=result,
        )
        for name, (given, result) in arguments.items()
    )
    hostile = snapshot(*functions, settings={"search_path": "sales, pg_catalog"})

    async def main() -> None:
        cache = DataCache(tmp_path / "cache", 1 << 30, 1e6)
        for place in ("built", "kept"):
            told: list[str] = []
            async with open_clone(hostile, cache=cache, progress=told.append) as clone:
                assert ("starting the clone that was kept" in told) == (place == "kept")
                assert clone.lost == ()
                assert await clone.connection.fetchval("SHOW search_path") == "sales, pg_catalog"
                await still_works(clone)

    asyncio.run(main())
    assert not (tmp_path / "proof").exists()


def test_names_and_values_are_quoted() -> None:
    evil = 'x"; ALTER ROLE pgtune_clone_owner SUPERUSER; --'
    table = Relation(
        oid=2,
        schema=evil,
        name=evil,
        kind=RelationKind.TABLE,
        columns=(Column(attnum=1, name=evil, type="text", not_null=True, collation=f"{evil}.{evil}"),),
        options=(f"fillfactor=10'); {evil}",),
    )
    hostile = snapshot(
        settings={"work_mem": f"1'; {evil}", "search_path": f"'; {evil}", "session_preload_libraries": "evil"},
        relations=(msgspec.structs.replace(TABLE, row_security=True), table),
        types=(
            UserType(schema=evil, name=evil + "t", kind="b"),
            UserType(schema="sales", name="e", kind="e", labels=(f"'; {evil}",)),
        ),
        extensions=(
            Extension(evil, "1", evil),
            Extension("citext", "1", evil),
            *(Extension(name, "1", "public") for name in ("plperl", "plpython3u", "dblink", "file_fdw", "pageinspect")),
        ),
        policies=(
            Policy(
                name=evil,
                table=RelationName("sales", "orders"),
                command="r",
                roles=(evil, "postgres"),
                using=f"true) TO postgres USING (true); {evil}",
            ),
        ),
        roles=(Role(name=evil, member_of=("postgres", "pg_read_server_files")),),
    )

    async def main() -> None:
        async with open_clone(hostile) as clone:
            roles = await clone.connection.fetch("SELECT rolname FROM pg_roles WHERE rolsuper")
            assert [role["rolname"] for role in roles] == ["postgres"]
            installed = await clone.connection.fetch("SELECT extname FROM pg_extension")
            assert {row["extname"] for row in installed} == {"plpgsql", "pg_buffercache", "citext"}
            above = await clone.connection.fetch("SELECT roleid::regrole::text AS role FROM pg_auth_members")
            assert {"postgres", "pg_read_server_files"}.isdisjoint(row["role"] for row in above[3:])
            kept = await clone.connection.fetch("SELECT unnest(setconfig) AS setting FROM pg_db_role_setting")
            assert [row["setting"] for row in kept if "preload" in row["setting"]] == []
            await still_works(clone)

    asyncio.run(main())


def test_an_index_over_a_function_that_fails_is_lost_alone() -> None:
    """An immutable function of constants is called while the definition is read."""
    fails = function(
        "fails",
        "CREATE FUNCTION sales.fails() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''no''; END'",
        "plpgsql",
    )
    index = Index(
        oid=9,
        schema="sales",
        name="broken",
        table=RelationName("sales", "orders"),
        method="btree",
        definition="CREATE INDEX broken ON sales.orders USING btree (id) WHERE (id > sales.fails())",
        keys=(IndexKey(column="id"),),
        predicate="(id > sales.fails())",
        pages=10,
        relpages=10,
    )
    assert lost_of(snapshot(fails, indexes=(index,))) == {"index sales.broken": "no"}


STUBBORN = (
    "BEGIN PERFORM set_config(''statement_timeout'', ''0'', false); LOOP BEGIN LOOP NULL; END LOOP;"
    " EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; RETURN 1; END"
)
BODIES = {
    "endless": "BEGIN LOOP NULL; END LOOP; RETURN 1; END",
    "stubborn": STUBBORN,
    "hog": "BEGIN RETURN length(repeat(''x'', 1000000000)); END",
    "writer": "BEGIN PERFORM sales.writes(); RETURN 1; END",
}
WRITES = (
    "CREATE FUNCTION sales.writes() RETURNS void LANGUAGE plpgsql AS "
    "'BEGIN CREATE TABLE sales.junk AS SELECT g FROM generate_series(1, 10) g; END'"
)


def test_functions_that_loop_grow_or_write_while_a_statement_is_planned_end_alone() -> None:
    """Immutable ones without arguments are run by the planner. One of them catches its cancellation."""
    functions = [
        function(name, f"CREATE FUNCTION sales.{name}() RETURNS int LANGUAGE plpgsql IMMUTABLE AS '{body}'", "plpgsql")
        for name, body in BODIES.items()
    ]
    functions.append(function("writes", WRITES, "plpgsql"))
    index = Index(
        oid=9,
        schema="sales",
        name="looping",
        table=RelationName("sales", "orders"),
        method="btree",
        definition="CREATE INDEX looping ON sales.orders USING btree (id) WHERE (id > sales.endless())",
        keys=(IndexKey(column="id"),),
        predicate="(id > sales.endless())",
    )
    hostile = snapshot(*functions, indexes=(index,))
    limits = Limits(statement_timeout_s=0.5, memory_bytes=512 << 20)

    async def main() -> None:
        async with open_clone(hostile, limits=limits) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert lost == {"index sales.looping": "canceling statement due to statement timeout"}
            answers = await clone.costs([request(f"{QUERY} AND id > sales.{name}()") for name in BODIES])
            assert answers == [
                "canceling statement due to statement timeout",
                ENDED,
                "out of memory",
                "cannot execute CREATE TABLE AS in a read-only transaction",
            ]
            texts = [f"{QUERY} AND id > sales.stubborn()", QUERY]
            statements = tuple(
                Statement(fingerprint=text, query=text, calls=1, total_exec_time_ms=1.0, mean_exec_time_ms=1.0)
                for text in texts
            )
            plans = await with_clone_plans({}, clone, hostile, statements, ExplainOptions(execute=False), Notes(-1))
            assert [plans[text].not_explained for text in texts] == [ENDED, None]
            worst = candidate("orders", "id", predicate="id > sales.stubborn()")
            assert (await clone.create([worst]))[worst] == ENDED
            await still_works(clone)

    asyncio.run(main())


BY_ID = IndexKey(column="id")


def defined(name: str, definition: str) -> Index:
    """An index whose definition is any text."""
    table = RelationName("sales", "orders")
    return Index(oid=9, schema="sales", name=name, table=table, method="btree", definition=definition, keys=(BY_ID,))


def statistics(name: str, on: str, kinds: str, *expressions: str) -> ExtendedStatistics:
    """Said to be of `expressions`, and of the columns before them in `on`; defined as of others."""
    return ExtendedStatistics(
        schema="sales",
        name=name,
        table=RelationName("sales", "orders"),
        kinds=tuple(kinds),
        columns=("note",) * ("note," in on),
        expressions=expressions,
        definition=f"CREATE STATISTICS sales.{name} {on}",
    )


def test_data_of_another_type_never_reach_the_planner() -> None:
    """It would take a number for an address. The definition says text, the data are those of a number."""
    noted = msgspec.structs.replace(
        TABLE, columns=(*TABLE.columns, Column(attnum=2, name="note", type="text", not_null=False))
    )
    of_note = ExtendedData(
        schema="sales",
        name="of_note",
        expressions=(
            ExpressionStatistics(
                expression="(id + 1)", null_frac=0.0, avg_width=4, n_distinct=-1.0, histogram_bounds="{10,20,400000}",
                most_common_vals="{7,8,9}", most_common_freqs=(0.3, 0.3, 0.3),
            ),
        ),
    )  # fmt: skip
    both = ExtendedData(
        schema="sales",
        name="both",
        common=tuple(CommonRow(values=(text, text), frequency=0.4, base_frequency=0.1) for text in ("7", "8")),
    )
    hostile = snapshot(
        relations=(noted,),
        extended_statistics=(
            statistics("of_note", "ON (lower(note)) FROM sales.orders", "e", "(id + 1)"),
            statistics("both", "(mcv) ON note, (lower(note)) FROM sales.orders", "m", "(id + 1)"),
        ),
    )
    hostile = msgspec.structs.replace(hostile, extended=(of_note, both))

    async def main() -> None:
        async with open_clone(hostile) as clone:
            tests = ("lower(note) = 'abc'", "lower(note) < 'b'", "note = 'a' AND lower(note) = 'abc'")
            found = await clone.costs([request(f"SELECT * FROM sales.orders WHERE {test}") for test in tests])
            assert [one for one in found if isinstance(one, str)] == []
            await still_works(clone)

    asyncio.run(main())


def test_definitions_define_and_leave_no_setting_behind() -> None:
    """None waits for a client, opens a transaction, or changes what the sessions of its role begin with."""
    texts = {
        "waits": "COPY sales.orders FROM STDIN --;",
        "opens": "BEGIN --;",
        "sets": "SET statement_timeout = 0 --;",
        "role": "ALTER ROLE CURRENT_USER SET local_preload_libraries = 'evil' --;",
    }
    sneaks = [
        f"ALTER ROLE CURRENT_USER {where} SET {what}"
        for where in ("", "IN DATABASE clone")
        for what in ("local_preload_libraries = ''evil''", "default_transaction_read_only = on")
    ]
    sneaky = immutable_but_not("sneaky", "; ".join(sneaks))
    indexes = [defined(name, text) for name, text in texts.items()]
    indexes.append(defined("sneaky", "CREATE INDEX sneaky ON sales.others (id) WHERE id > sales.sneaky()"))
    others = msgspec.structs.replace(TABLE, oid=3, name="others")
    nameless = msgspec.structs.replace(TABLE, oid=2, schema="", row_security=True)
    hostile = snapshot(*sneaky, indexes=tuple(indexes), relations=(TABLE, others, nameless))

    async def main() -> None:
        async with open_clone(hostile) as clone:
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert {name: lost[f"index sales.{name}"] for name in texts} == dict.fromkeys(
                texts, "is no definition of an object"
            )
            assert lost.get("index sales.sneaky") is None
            again = candidate("others", "id", predicate="id > sales.sneaky()")
            assert isinstance((await clone.create([again]))[again], int)
            clone.connection.terminate()
            await still_works(clone)
            assert await clone.connection.fetchval("SHOW statement_timeout") == "15s"

    asyncio.run(main())


SUPERUSERS_OWN = """
SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'sales'::regnamespace AND p.proowner = 10
UNION ALL SELECT o.opcname FROM pg_opclass o WHERE o.opcnamespace = 'sales'::regnamespace
UNION ALL SELECT amproc::oid::regprocedure::text FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily
  WHERE f.opfnamespace = 'sales'::regnamespace
UNION ALL SELECT amopopr::regoperator::text FROM pg_amop p JOIN pg_opfamily f ON f.oid = p.amopfamily
  WHERE f.opfnamespace = 'sales'::regnamespace
UNION ALL SELECT castsource::regtype || ' to ' || casttarget::regtype FROM pg_cast WHERE oid >= 16384
ORDER BY 1"""


def test_what_only_a_superuser_may_create_cannot_read_write_or_mistake_types() -> None:
    """Base types and what works on their bytes, operator classes and casts."""
    evil = "x (sales.path); CREATE ROLE pwned SUPERUSER; --"
    types = (
        UserType(schema="sales", name="path", kind="b", base_type="text"),
        UserType(schema="sales", name="number", kind="b", base_type="bigint"),
        UserType(schema="sales", name="inner", kind="b", base_type="internal"),
        UserType(schema="sales", name="odd", kind="b", base_type=evil),
    )
    internal = {
        "reads": ("sales.path", "sales.path", "pg_read_file_all"),  # not everybody's to call
        "length": ("sales.path", "integer", "textlen"),
        "mixed": ("sales.number", "integer", "textlen"),
        "less": ("sales.number, sales.number", "boolean", "int8lt"),
        "sets": ("sales.number, sales.number", "sales.number", "generate_series_int8"),
        "setting": ("sales.path, sales.path, boolean", "sales.path", "set_config_by_name"),
        "evil": ("sales.path", "integer", evil),
        f'n"; {evil}': ("sales.path", "integer", "textlen"),
        "typed": (evil, "sales.path", "textlen"),
    }
    functions = [
        Function(
            schema="sales", name=name, arguments=arguments, result=result, language="internal", kind="f",
            volatility="i", source=source, definition=f"x PARALLEL {evil} COST 1; {evil}",
        )
        for name, (arguments, result, source) in internal.items()
    ]  # fmt: skip
    families = (
        OperatorFamily(
            method="btree", schema="sales", name="files",
            classes=(FamilyClass("sales", "oid_files", "oid", False), FamilyClass("sales", evil, "internal", True)),
            operators=((1, "<(oid,oid)"), (2**40, "<(oid,oid)"), (2, evil)),
            functions=(
                (1, "btoidcmp(oid,oid)"),
                (1, "lo_export(oid,text)"),  # an index would not ask who may
                (2, "btoidsortsupport(internal)"),
                (1, "hashoid(oid)"),
                (3, "x"),
                (4, "pg_table_is_visible(oid)"),  # of the type of a type's oid, and nothing worse
            ),
        ),
        OperatorFamily(method=f"btree; {evil}", schema="sales", name="other"),
        OperatorFamily(method="gin", schema="sales", name="inverted"),
    )  # fmt: skip
    casts = (
        Cast(source="text", target="bigint", method="b", context="i"),
        Cast(source="sales.number", target="text", method="b", context="i"),
        Cast(source="sales.number", target="bigint", method="b", context=evil),
        Cast(source=evil, target=evil, method="b", context="i"),
    )
    rules = (Rule(name="r", table=RelationName("sales", "orders"), definition=f"CREATE RULE r AS {evil}"),)
    dictionaries = (
        TextSearchDictionary(
            schema="sales", name="thieves", template="pg_catalog.simple", options="stopwords = '../../../etc/passwd'"
        ),
    )
    hostile = snapshot(
        *functions, types=types, operator_families=families, casts=casts, rules=rules,
        text_search_dictionaries=dictionaries,
    )  # fmt: skip
    row = msgspec.structs.replace(hostile.workload.rows[0], query=f"{QUERY} AND to_tsvector('sales.thieves') <> ''")
    elsewhere = Index(
        oid=3, schema="sales", name="elsewhere", table=RelationName("sales", evil), method="btree", keys=(BY_ID,),
        definition="CREATE INDEX elsewhere ON sales.orders USING btree (id)", pages=10, relpages=10,
    )  # fmt: skip
    ends = (Extremes(table=RelationName("sales", "orders"), column="id", low="1", high="9"),)
    catalog = msgspec.structs.replace(hostile.catalog, indexes=(elsewhere,))
    workload = Workload(source="workload", rows=(row,))
    hostile = msgspec.structs.replace(hostile, workload=workload, catalog=catalog, extremes=ends)

    async def main() -> None:
        async with open_clone(hostile) as clone:
            assert [row[0] for row in await clone.connection.fetch(SUPERUSERS_OWN)] == [
                "<(oid,oid)",
                "btoidcmp(oid,oid)",
                "oid_files",
                'sales."inner" to text',
                f'sales."n""; {evil}"(sales.path)',  # a name as any other
                "sales.length(sales.path)",
                "sales.less(sales.number,sales.number)",
                "sales.number to bigint",
            ]
            assert await clone.connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolsuper") == 1
            lost = {skipped.what: skipped.why for skipped in clone.lost}
            assert lost["text search dictionary sales.thieves"] == "its values were refused (SQLSTATE 22023)"
            await still_works(clone)

    asyncio.run(main())


def test_a_disk_that_cannot_hold_the_sizes_is_no_clone() -> None:
    """A table that looks empty would be planned as one."""
    large = msgspec.structs.replace(TABLE, pages=10_000, relpages=10_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 << 20, before[1]))
    try:
        with pytest.raises(EmbeddedServerError, match="as large as the source's: File too large") as failure:
            lost_of(snapshot(relations=(large,)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "ulimit -f" in (failure.value.hint or "")


def test_definitions_that_take_their_time_end_the_clone() -> None:
    slow = function("slow", "CREATE FUNCTION sales.slow() RETURNS int IMMUTABLE RETURN (SELECT 1 FROM pg_sleep(0.2))")
    indexes = tuple(
        defined(f"i{n}", f"CREATE INDEX i{n} ON sales.orders (id) WHERE id > sales.slow()") for n in range(20)
    )

    async def main() -> None:
        limits = Limits(statement_timeout_s=0.5, definitions_s=0.5)
        async with open_clone(snapshot(slow, indexes=indexes), limits=limits):
            pass

    with pytest.raises(EmbeddedServerError, match="keep the clone's server busy for too long"):
        asyncio.run(main())


def test_a_definition_that_never_ends_ends_the_clone_and_nothing_else() -> None:
    """At once where the disk fills: it may be what fills it."""
    stubborn = function(
        "stubborn",
        f"CREATE FUNCTION sales.stubborn() RETURNS int LANGUAGE plpgsql IMMUTABLE AS '{STUBBORN}'",
        "plpgsql",
    )
    index = Index(
        oid=9,
        schema="sales",
        name="looping",
        table=RelationName("sales", "orders"),
        method="btree",
        definition="CREATE INDEX looping ON sales.orders USING btree (id) WHERE (id > sales.stubborn())",
        keys=(IndexKey(column="id"),),
    )

    async def main() -> None:
        async with open_clone(snapshot(stubborn, indexes=(index,)), limits=Limits(disk_bytes=-(1 << 62))):
            pass

    with pytest.raises(EmbeddedServerError, match="that does not end"):
        asyncio.run(main())

"""OFFSET to keyset on a real server: what is offered, what is refused, and that the proof holds for all of it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from support.rewriting import commented, on_server, prepared_of, read_catalog, source_of

from pgtune_cli.collect.connection import Connection
from pgtune_cli.explain.code_catalog import read_code
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.rewrite.keyset import Keyset, Refusal
from pgtune_cli.rewrite.keyset_extras import boundaries, capped_count, companions, deferred_join
from pgtune_cli.rewrite.keyset_judge import paginations
from pgtune_cli.rewrite.keyset_offer import same_columns
from pgtune_cli.rewrite.keyset_pages import Maker, maker
from pgtune_cli.rewrite.keyset_proof import KeysetProof
from pgtune_cli.rewrite.keyset_told import index_sql
from pgtune_cli.rewrite.parameters import inlined, replaced
from pgtune_cli.rewrite.session import Session, Unproven, Work, snapshot

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases/rewrites/keyset.yaml").read_text(encoding="utf-8"))

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


@pytest.fixture(scope="module")
def catalog(pg_module: Any) -> Catalog:
    pg_module.execute(CASES["schema"])
    return read_catalog(pg_module.dsn)


def judged(text: str, catalog: Catalog) -> Keyset | Refusal:
    (found,) = paginations(source_of(text, catalog))
    return found


def made(name: str, catalog: Catalog) -> tuple[dict[str, Any], Keyset, Maker]:
    case = CASES["offered"][name]
    found = judged(case["text"], catalog)
    assert isinstance(found, Keyset), found
    making = maker(source_of(case["text"], catalog), found)
    assert making is not None
    return case, found, making


class Dear(Session):
    """The walk over all rows is above its ceiling, single pages are below it."""

    def __init__(self, session: Session) -> None:
        self.__dict__.update(vars(session))

    async def affordable(self, sql: str) -> Work:
        if " AS walk" in sql:
            raise Unproven("by its cost it may not finish within --max-time")
        return await super().affordable(sql)


@pytest.mark.parametrize("name", CASES["offered"])
def test_the_pages_are_spliced_as_written(name: str, catalog: Catalog) -> None:
    case, found, making = made(name, catalog)
    pages = [page.statement for page in making.pages()]
    assert pages[0].sql == case["first_page"]
    assert next(page for page in pages if page.role == "next_page").sql == case["next_page"]
    assert len(pages) == case["pages"]
    assert found.form.value == case["form"]
    index = None if found.served or found.candidate is None else found.candidate.keys
    assert [key.column or key.expression for key in index or ()] == case["index"]


def test_the_index_of_a_partitioned_table_can_be_made(pg_module: Any) -> None:
    """There is no CONCURRENTLY for it."""
    pg_module.execute("CREATE TABLE parted (id bigint PRIMARY KEY, note text NOT NULL) PARTITION BY RANGE (id)")
    parted = read_catalog(pg_module.dsn)
    found = judged("SELECT id, note FROM parted ORDER BY note, id LIMIT 10 OFFSET 20", parted)
    assert isinstance(found, Keyset)
    made = index_sql(found, parted)
    assert made == "CREATE INDEX parted_note_id_idx ON public.parted (note, id)"
    pg_module.execute(made)


@pytest.mark.majors(18)
def test_a_not_null_that_is_not_valid_lets_older_nulls_through(pg_module: Any) -> None:
    pg_module.execute("CREATE TABLE Söhne (id int PRIMARY KEY, Älter int); INSERT INTO Söhne VALUES (1, NULL), (2, 5)")
    pg_module.execute("ALTER TABLE Söhne ADD CONSTRAINT älter_nn NOT NULL Älter NOT VALID")
    text = "SELECT ID, Älter FROM Söhne ORDER BY Älter LIMIT 10 OFFSET 20"
    found = judged(text, read_catalog(pg_module.dsn))
    assert isinstance(found, Keyset)
    assert [(key.sql, key.nullable) for key in found.keys] == [('"söhne"."Älter"', True), ('"söhne".id', False)]
    pg_module.execute("UPDATE Söhne SET Älter = 0 WHERE Älter IS NULL; ALTER TABLE Söhne VALIDATE CONSTRAINT älter_nn")
    valid = judged(text, read_catalog(pg_module.dsn))
    assert isinstance(valid, Keyset)
    assert not any(key.nullable for key in valid.keys)


@pytest.mark.parametrize("form", ["/* {} */", "-- {}"])
def test_every_comment_survives_on_every_page(form: str, catalog: Catalog) -> None:
    for name, case in CASES["offered"].items():
        text, comments = commented(case["text"], form)
        source = source_of(text, catalog)
        (found,) = paginations(source)
        assert isinstance(found, Keyset), (name, found)
        making = maker(source, found)
        assert making is not None
        for page in making.pages():
            lost = [one for one in comments if one not in page.statement.sql]
            assert lost == [], (name, page.variant)


@pytest.mark.parametrize("name", CASES["refused"])
def test_what_cannot_be_paged_by_key_is_refused_with_its_case(name: str, catalog: Catalog) -> None:
    case = CASES["refused"][name]
    found = judged(case["text"], catalog)
    assert isinstance(found, Refusal)
    assert found.case == case["case"]
    assert len(found.reason) > 20


def test_the_proof_holds_on_the_server_for_all_that_is_offered(catalog: Catalog, pg_module: Any) -> None:
    async def prove(connection: Connection) -> dict[str, Any]:
        results = {}
        code = await read_code(connection, [case["text"] for case in CASES["offered"].values()])
        for name in CASES["offered"]:
            case, found, making = made(name, catalog)
            prepared = await prepared_of(connection, case["text"], case.get("values"))
            typed = maker(source_of(case["text"], catalog), found, prepared.parameter_types)
            assert typed is not None
            limit = found.block.limit
            size = limit.value if limit is not None and limit.value else 7
            pages = making.pages()
            async with snapshot(connection, 20_000, code) as session:
                differs = await same_columns(session, prepared, pages)
                proof = await KeysetProof(session, prepared, found, making, size).run(pages)
            whole = (proof.method, proof.mismatches, proof.rows > 0, (proof.samples or 0) > 0)
            results[name] = (differs, *whole)
            if len(results) % 6 == 1:
                async with snapshot(connection, 20_000, code) as session:
                    sample = await KeysetProof(Dear(session), prepared, found, making, size).run(pages)
                assert (sample.method, sample.mismatches) == ("sampled", 0), name
                assert (sample.samples or 0) > 0 < (sample.missed or 0) < 1
        return results

    right = (None, "adjacency", 0, True, True)
    assert on_server(pg_module.dsn, prove) == dict.fromkeys(CASES["offered"], right)


def test_the_proof_sees_pages_that_were_spliced_wrongly(catalog: Catalog, pg_module: Any) -> None:
    async def prove(connection: Connection) -> int:
        case, found, making = made("or_in_where_is_closed_in_parentheses", catalog)
        prepared = await prepared_of(connection, case["text"], case["values"])
        pages = [
            msgspec.structs.replace(
                page,
                statement=msgspec.structs.replace(
                    page.statement, sql=page.statement.sql.replace("(author", "author").replace("$2) AND", "$2 AND")
                ),
            )
            for page in making.pages()
        ]
        code = await read_code(connection, [case["text"]])
        async with snapshot(connection, 20_000, code) as session:
            whole = (await KeysetProof(session, prepared, found, making, 7).run(pages)).mismatches
            some = await KeysetProof(Dear(session), prepared, found, making, 7).run(pages)
            assert some.method == "sampled"
            assert some.mismatches > 0
            return whole

    assert on_server(pg_module.dsn, prove) > 0


def test_the_proof_catches_a_missing_tiebreaker(catalog: Catalog, pg_module: Any) -> None:
    async def prove(connection: Connection) -> int:
        case, found, _ = made("tiebreaker_appended_in_the_same_direction", catalog)
        mutant = msgspec.structs.replace(found, keys=tuple(key for key in found.keys if key.written))
        making = maker(source_of(case["text"], catalog), mutant)
        assert making is not None
        prepared = await prepared_of(connection, case["text"], case["values"])
        code = await read_code(connection, [case["text"]])
        async with snapshot(connection, 20_000, code) as session:
            return (await KeysetProof(session, prepared, mutant, making, 7).run(making.pages())).mismatches

    assert on_server(pg_module.dsn, prove) > 0


def test_page_numbers_that_must_stay_and_counts(catalog: Catalog, pg_module: Any) -> None:
    """The deferred join returns the original's page, the boundaries are the last rows of pages, the count stops."""
    name = "tiebreaker_appended_in_the_same_direction"
    case, found, making = made(name, catalog)
    source = source_of(case["text"], catalog)
    joined = deferred_join(source, found, making, ())
    assert joined is not None
    values = ("3", "10", "20")
    wanted = pg_module.fetch(inlined(making.offset_page(20, 10), values, ()))
    assert pg_module.fetch(inlined(joined.sql, values, ())) == wanted
    bounds = boundaries(found, making, ())
    pages = pg_module.fetch(inlined(bounds.sql, ("3", "10"), ()))
    assert [row["page"] for row in pages] == list(range(1, 1 + 72 // 10))
    ninth = pg_module.fetch(inlined(making.offset_page(9, 1), values, ()))
    assert pages[0]["id"] == str(ninth[0]["id"])
    counted = capped_count(source, found, ())
    assert counted is not None
    assert pg_module.fetch(replaced(counted.sql, lambda _: "3"))[0][0] == 72


@pytest.mark.majors(18)
def test_no_row_is_looked_up_by_a_key_that_may_be_null(pg_module: Any) -> None:
    pg_module.execute("CREATE TABLE told (id int UNIQUE NULLS NOT DISTINCT, a int); INSERT INTO told VALUES (NULL, 1)")
    told = read_catalog(pg_module.dsn)
    for condition, joined in (("", False), ("WHERE id IS NOT NULL", True)):
        source = source_of(f"SELECT id, a FROM told {condition} ORDER BY a LIMIT 5 OFFSET 0 + $1", told)
        (found,) = paginations(source)
        assert isinstance(found, Keyset)
        making = maker(source, found)
        assert making is not None
        assert (deferred_join(source, found, making, ()) is not None) == joined


def test_a_count_of_the_same_rows_is_recognised(catalog: Catalog) -> None:
    from pgtune_cli.model.statement import Statement

    def statement(query: str) -> Statement:
        return Statement(fingerprint=query[:6], query=query, calls=3, total_exec_time_ms=1, mean_exec_time_ms=1)

    case, _, _ = made("tiebreaker_appended_in_the_same_direction", catalog)
    same = statement("select count(*) from article AS a where author_id = $1")
    others = [
        statement("select count(*) from article AS a where author_id > $1"),
        statement("select count(*) from author AS a where author_id = $1"),
        statement("select max(id) from article AS a where author_id = $1"),
    ]
    assert companions(source_of(case["text"], catalog), (*others, same)) == [same]

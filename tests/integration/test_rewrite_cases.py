"""Every rewriter of one place on its cases: the text as agreed, the same rows with data and without, the refusals."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.rewriting import commented, on_server, prepared_of, read_catalog, source_of

from pgtune_cli.collect.connection import Connection
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.multiset import digest_sql
from pgtune_cli.rewrite.parameters import inlined, replaced
from pgtune_cli.rewrite.proposal import Proposal
from pgtune_cli.rewrite.spliced import REWRITERS

FOLDER = Path(__file__).parent.parent / "cases/rewrites"
CASES = {kind: yaml.safe_load((FOLDER / f"{kind}.yaml").read_text(encoding="utf-8")) for kind in REWRITERS}
SCHEMAS = ("filled", "bare")

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


@pytest.fixture(scope="module")
def catalog(pg_module: Any) -> Catalog:
    tables = (FOLDER / "schema.sql").read_text(encoding="utf-8")
    for schema in SCHEMAS:
        pg_module.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}; {tables}")
    pg_module.execute(f"SET search_path = filled; {(FOLDER / 'rows.sql').read_text(encoding='utf-8')}; ANALYZE")
    pg_module.execute("RESET search_path; CREATE FUNCTION coin() RETURNS bool LANGUAGE sql VOLATILE AS 'SELECT true'")
    return read_catalog(pg_module.dsn)


def found(kind: str, text: str, catalog: Catalog) -> list[Proposal | Refusal]:
    return list(REWRITERS[kind](source_of(text, catalog, ("filled", "public"))))


def rewritten(kind: str, text: str, catalog: Catalog) -> tuple[Proposal, str]:
    first = next(one for one in found(kind, text, catalog) if isinstance(one, Proposal))
    return first, first.applied(text)


@pytest.mark.parametrize("kind", REWRITERS)
def test_the_text_is_as_agreed_and_nothing_outside_the_edits_moves(kind: str, catalog: Catalog) -> None:
    assert len(CASES[kind]["fires"]) >= 10
    for name, case in CASES[kind]["fires"].items():
        proposal, text = rewritten(kind, case["text"], catalog)
        assert text == case["rewritten"], name
        done = 0
        for edit in sorted(proposal.edits):
            kept = case["text"][done : edit.start]
            assert kept in text, name
            done = edit.end
        assert text.endswith(case["text"][done:]), name


@pytest.mark.parametrize("kind", REWRITERS)
def test_what_would_change_the_result_is_refused_with_its_case(kind: str, catalog: Catalog) -> None:
    assert len(CASES[kind]["refused"]) >= 10
    for name, case in CASES[kind]["refused"].items():
        outcomes = found(kind, case["text"], catalog)
        assert outcomes, name
        assert not [one for one in outcomes if isinstance(one, Proposal)], name
        assert case["case"] in [one.case for one in outcomes if isinstance(one, Refusal)], (name, outcomes)


@pytest.mark.parametrize("form", ["/* {} */", "-- {}"])
@pytest.mark.parametrize("kind", REWRITERS)
def test_every_comment_survives(kind: str, form: str, catalog: Catalog) -> None:
    for name, case in CASES[kind]["fires"].items():
        text, comments = commented(case["text"], form)
        _, result = rewritten(kind, text, catalog)
        assert [one for one in comments if one not in result] == [], name


@pytest.mark.parametrize("kind", [kind for kind in REWRITERS if kind != "single_rows_to_batch"])
def test_the_rows_are_the_same_with_data_and_without(kind: str, catalog: Catalog, pg_module: Any) -> None:
    async def compare(connection: Connection) -> dict[tuple[str, str], Any]:
        differences = {}
        for schema in SCHEMAS:
            await connection.execute(f"SET search_path = {schema}, public")
            for name, case in CASES[kind]["fires"].items():
                proposal, text = rewritten(kind, case["text"], catalog)
                prepared = await prepared_of(connection, case["text"], case.get("values"))
                values = prepared.value_sets[0].values or ()
                before = inlined(case["text"], values, prepared.parameter_types)
                after = inlined(bound(text, proposal, values), values, prepared.parameter_types)
                pair = [tuple((await connection.fetch(digest_sql(sql)))[0]) for sql in (before, after)]
                columns = [await names(connection, sql) for sql in (before, after)]
                ordered = [[tuple(row) for row in await connection.fetch(sql)] for sql in (before, after)]
                same_order = "ORDER BY" not in case["text"].split(")")[-1] or ordered[0] == ordered[1]
                if pair[0] != pair[1] or columns[0] != columns[1] or not same_order:
                    differences[schema, name] = (pair, columns)
        return differences

    assert on_server(pg_module.dsn, compare) == {}


async def names(connection: Connection, sql: str) -> list[tuple[str, str]]:
    async with connection.transaction():
        attributes = (await connection.prepare(sql)).get_attributes()
    return [(attribute.name, attribute.type.name) for attribute in attributes]


def bound(text: str, proposal: Proposal, values: tuple[str | None, ...]) -> str:
    """An array that takes the place of many parameters, with their values in it."""
    numbers = {number for number, type_, _ in proposal.added if type_.endswith("[]")}
    array = "'{" + ",".join(value or "NULL" for value in values) + "}'"
    return replaced(text, lambda n: array if n in numbers else f"${n}")


def test_one_statement_for_many_keys_returns_what_many_returned(catalog: Catalog, pg_module: Any) -> None:
    keys = {"status": ["done", "open", "none"], "kind": ["k1", "k2", "none"], "ref": [f"{n:032x}" for n in (1, 2, 99)]}

    async def compare(connection: Connection) -> dict[str, Any]:
        differences = {}
        for schema in SCHEMAS:
            await connection.execute(f"SET search_path = {schema}, public")
            for name, case in CASES["single_rows_to_batch"]["fires"].items():
                if not case["text"].startswith("SELECT"):
                    continue
                _, text = rewritten("single_rows_to_batch", case["text"], catalog)
                column = next((key for key in keys if f"{key} = $1" in case["text"]), None)
                values = keys.get(column or "", ["1", "2", "5", "999"])
                one_by_one: list[tuple[Any, ...]] = []
                for value in values:
                    one_by_one += map(tuple, await connection.fetch(case["text"].replace("$1", f"'{value}'")))
                batch = await connection.fetch(text.replace("$1", "'{" + ",".join(values) + "}'"))
                if sorted(map(str, one_by_one)) != sorted(str(tuple(row)) for row in batch):
                    differences[name] = (len(one_by_one), len(batch))
        return differences

    assert on_server(pg_module.dsn, compare) == {}


def test_one_insert_of_many_rows_inserts_what_many_inserted(catalog: Catalog, pg_module: Any) -> None:
    rows = [("900", "1", "a", "1"), ("901", "2", "it's", "2"), ("902", "3", "c", "3")]
    for case in CASES["single_rows_to_batch"]["fires"].values():
        if not case["text"].startswith("INSERT"):
            continue
        _, text = rewritten("single_rows_to_batch", case["text"], catalog)
        pg_module.execute("SET search_path = filled; BEGIN")
        arrays = ["{" + ",".join(f'"{row[at]}"' for row in rows) + "}" for at in range(4)]
        pg_module.execute(replaced(text, lambda n, a=arrays: "'" + a[n - 1].replace("'", "''") + "'"))
        found_rows = pg_module.fetch("SELECT id::text, book_id::text, label FROM tag WHERE id >= 900 ORDER BY id")
        pg_module.execute("ROLLBACK; RESET search_path")
        assert [tuple(row) for row in found_rows] == [row[:3] for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT DISTINCT a.id, (SELECT b.title) AS t FROM author a JOIN book b ON b.author_id = a.id",
        "SELECT DISTINCT a.id, EXISTS (SELECT FROM tag WHERE tag.book_id = b.id) FROM author a JOIN book b"
        " ON b.author_id = a.id",
    ],
)
def test_a_joined_table_that_only_a_subquery_returns_stays(text: str, catalog: Catalog) -> None:
    assert found("distinct_join_to_exists", text, catalog) == []


def test_a_day_that_begins_an_hour_late_ends_at_midnight(catalog: Catalog, pg_module: Any) -> None:
    """Santiago moves its clocks at midnight: 2024-09-08 has 23 hours."""
    text = "SELECT count(*) FROM late WHERE date_trunc('day', sold_at) = '2024-09-08'"
    pg_module.execute("SET timezone = 'America/Santiago'; CREATE TABLE late (sold_at timestamptz NOT NULL)")
    start = "timestamptz '2024-09-07 20:00-04'"
    pg_module.execute(f"INSERT INTO late SELECT {start} + i * interval '30 min' FROM generate_series(1, 80) AS i")
    _, after = rewritten("date_cast_to_range", text, read_catalog(pg_module.dsn))
    counts = [pg_module.fetch(sql)[0][0] for sql in (text, after)]
    pg_module.execute("RESET timezone")
    assert counts == [46, 46]

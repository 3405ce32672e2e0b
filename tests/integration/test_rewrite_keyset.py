"""OFFSET to keyset on a real server: what is offered, what is refused, and that no page loses or repeats a row."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.rewrite import Proof, RewriteStatement
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.rewrite.blocks import inline
from pgtune_cli.rewrite.keyset import Keyset, keyset, uses_offset
from pgtune_cli.rewrite.keyset_sql import key_sql, order_sql, pages
from pgtune_cli.rewrite.proof import adjacency
from pgtune_cli.rewrite.verify import same_columns
from pgtune_cli.sql.clauses import clauses
from pgtune_cli.sql.shape import shape

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases/rewrites/keyset.yaml").read_text(encoding="utf-8"))

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]


@pytest.fixture(scope="module")
def catalog(pg_module: Any) -> Catalog:
    pg_module.execute(CASES["schema"])

    async def read() -> Catalog:
        connection = await connect(pg_module.dsn)
        try:
            return (await collect(connection, CollectOptions())).catalog
        finally:
            await connection.close()

    return asyncio.run(read())


def found(text: str, catalog: Catalog) -> Keyset | str:
    what = shape(text, catalog, ("public",))
    assert what is not None, "no parser takes the text"
    assert uses_offset(what)
    return keyset(what, catalog)


def offered(name: str, catalog: Catalog) -> tuple[dict[str, Any], Keyset, dict[str, RewriteStatement]]:
    case = CASES["offered"][name]
    judged = found(case["text"], catalog)
    assert isinstance(judged, Keyset), judged
    spans = clauses(case["text"])
    assert spans is not None
    return case, judged, {page.role: page for page in pages(case["text"], spans, judged)}


@pytest.mark.parametrize("name", CASES["offered"])
def test_the_first_and_next_page_are_spliced_as_written(name: str, catalog: Catalog) -> None:
    case, judged, page = offered(name, catalog)
    assert page["first_page"].sql == case["first_page"]
    assert page["next_page"].sql == case["next_page"]
    index = None if judged.served else [key.column for key in judged.candidate.keys]
    assert index == case["index"]


@pytest.mark.parametrize("name", CASES["refused"])
def test_what_cannot_be_paged_by_key_is_refused_with_its_reason(name: str, catalog: Catalog) -> None:
    case = CASES["refused"][name]
    judged = found(case["text"], catalog)
    assert isinstance(judged, str)
    assert case["reason"] in judged


@pytest.mark.parametrize("name", CASES["offered"])
@pytest.mark.parametrize("page_size", [1, 7, 50, 499, 500, 501])
def test_walking_by_key_gives_every_row_once_and_in_order(
    name: str, page_size: int, catalog: Catalog, pg_module: Any
) -> None:
    case, judged, page = offered(name, catalog)
    keys = [key.column.name for key in judged.keys]
    values = case.get("values", {})
    full = everything(case["text"], judged, values, pg_module)
    forwards = walk(page["first_page"], page["next_page"], keys, values, page_size, pg_module)
    assert forwards == full
    assert walk_back(page["previous_page"], full, values, page_size, pg_module) == full


def everything(text: str, judged: Keyset, values: dict[int, str], pg: Any) -> list[tuple[str, ...]]:
    """The keys of all rows in the tie-broken order, as text."""
    spans = clauses(text)
    assert spans is not None
    assert spans.from_ is not None
    names = ", ".join(f"{key_sql(judged, key.column.name)}::text" for key in judged.keys)
    where = text[slice(*spans.where)] if spans.where else ""
    sql = f"SELECT {names} {text[slice(*spans.from_)]} {where} ORDER BY {order_sql(judged)}"
    top = max(values, default=0)
    return [tuple(row) for row in pg.fetch(inline(sql, tuple(range(1, top + 1)), bound(values, top)))]


def bound(values: dict[int, str], top: int) -> tuple[str | None, ...]:
    return tuple(values.get(number) for number in range(1, top + 1))


def walk(
    first: RewriteStatement, following: RewriteStatement, keys: list[str], values: dict[int, str], size: int, pg: Any
) -> list[tuple[str, ...]]:
    seen: list[tuple[str, ...]] = []
    page = run_page(first, None, keys, values, size, pg)
    while page:
        seen += page
        assert len(seen) < 10_000
        page = run_page(following, page[-1], keys, values, size, pg) if len(page) == size else []
    return seen


def walk_back(
    previous: RewriteStatement, full: list[tuple[str, ...]], values: dict[int, str], size: int, pg: Any
) -> list[tuple[str, ...]]:
    keys = [str(position) for position in range(len(full[0]))]
    seen = [full[-1]]
    while True:
        page = run_page(previous, seen[0], keys, values, size, pg)
        seen = page[::-1] + seen
        assert len(seen) < 10_000
        if len(page) < size:
            return seen


def run_page(
    page: RewriteStatement, cursor: tuple[str, ...] | None, keys: list[str], values: dict[int, str], size: int, pg: Any
) -> list[tuple[str, ...]]:
    """One page's keys. The select list is replaced, as an application would select its cursor columns too."""
    remaining = iter(cursor or ())
    literals: list[str | None] = []
    for parameter in page.parameters:
        original = int(parameter.source.split()[0][1:]) if parameter.source.startswith("$") else None
        if original is None:
            literals.append(next(remaining))
        else:
            literals.append(values.get(original, str(size)))
    sql = inline(page.sql, tuple(range(1, len(literals) + 1)), tuple(literals))
    spans = clauses(sql)
    assert spans is not None
    assert spans.order_by is not None
    assert spans.select_list is not None
    ordered = sql[slice(*spans.order_by)][len("ORDER BY ") :].replace(" DESC", "").split(", ")
    # an alias of its own: ORDER BY would take an output column `id` before the table's
    selected = ", ".join(f"{key}::text AS cursor_{position}" for position, key in enumerate(ordered))
    start, end = spans.select_list
    return [tuple(row) for row in pg.fetch(sql[:start] + selected + sql[end:])]


@pytest.mark.parametrize("name", CASES["offered"])
def test_the_proof_holds_on_the_server(name: str, catalog: Catalog, pg_module: Any) -> None:
    case, judged, _ = offered(name, catalog)
    proof = prove(case, judged, pg_module)
    assert isinstance(proof, Proof)
    assert proof.mismatches == 0
    assert proof.rows == len(everything(case["text"], judged, case.get("values", {}), pg_module))


def test_the_proof_catches_a_missing_tiebreaker(catalog: Catalog, pg_module: Any) -> None:
    case, judged, _ = offered("tiebreaker_appended_in_the_same_direction", catalog)
    mutant = msgspec.structs.replace(judged, keys=tuple(key for key in judged.keys if key.written))
    proof = prove(case, mutant, pg_module)
    assert isinstance(proof, Proof)
    assert proof.mismatches > 0


def test_the_rewritten_texts_return_the_same_columns(catalog: Catalog, pg_module: Any) -> None:
    async def differences() -> list[str | None]:
        connection = await connect(pg_module.dsn)
        try:
            found = []
            for name in CASES["offered"]:
                case, _, page = offered(name, catalog)
                found.append(await same_columns(connection, case["text"], tuple(page.values())))
            return found
        finally:
            await connection.close()

    assert asyncio.run(differences()) == [None] * len(CASES["offered"])


def prove(case: dict[str, Any], judged: Keyset, pg: Any) -> object:
    spans = clauses(case["text"])
    assert spans is not None

    async def job() -> object:
        connection = await connect(pg.dsn)
        try:
            types = [parameter.name for parameter in (await connection.prepare(case["text"])).get_parameters()]
            # asyncpg's prepare leaves its implicit transaction open; a plain query ends it
            await connection.execute("SELECT 1")
            values = tuple(case.get("values", {}).get(number, "10") for number in range(1, len(types) + 1))
            prepared = Prepared(
                fingerprint="x",
                sql=case["text"],
                parameter_types=tuple(types),
                value_sets=(ValueSet(name="typical", origin="pg_stats", values=values),),
            )
            return await adjacency(connection, prepared, spans, judged, 10_000)
        finally:
            await connection.close()

    return asyncio.run(job())

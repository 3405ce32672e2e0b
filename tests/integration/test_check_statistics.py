"""`pgtune check --statistics`: a test database of a hundred rows a table, judged at production's size."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.gate_shop import Application, load, run
from typer.testing import CliRunner

from pgtune_cli.cli.main import app

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

SCAN = "SELECT id FROM item WHERE product_id = $1"


@pytest.fixture(scope="module")
def production(pg_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a database with 60,000 orders."""
    load(pg_module.execute, customers=3000, orders=60_000)
    pg_module.execute("SELECT pg_stat_statements_reset()")
    run(pg_module.dsn, Application())
    file = tmp_path_factory.mktemp("production") / "production.pgtune"
    invoke("snapshot", pg_module.dsn, "-o", str(file), "-q")
    return file


def invoke(*arguments: str) -> Any:
    found = CliRunner().invoke(app, [*arguments])
    assert found.exit_code in (0, 1), found.output
    return found


def small(pg: Any, migration: str = "SELECT 1", application: Application | None = None) -> None:
    load(pg.execute, customers=100, orders=100)
    pg.execute(migration)
    pg.execute("ANALYZE")
    pg.execute("SELECT pg_stat_statements_reset()")
    run(pg.dsn, application or Application())


def check(pg: Any, *options: str) -> tuple[int, dict[str, Any]]:
    found = invoke("check", pg.dsn, "--format", "json", "-q", *options)
    return found.exit_code, json.loads(found.stdout)


def failing(result: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {one["query"]: (*one["reasons"], *one["causes"]) for one in result["comparisons"] if one["fails"]}


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "pgtune.yaml"
    file.write_text("check: {statistics: {selective_scan_above: 1MB}}\nslow_query_threshold: 10s\n", encoding="utf-8")
    return file


def test_an_unchanged_schema_passes(pg: Any, production: Path, configuration: Path) -> None:
    small(pg)
    code, result = check(pg, "--statistics", str(production), "--config", str(configuration))
    assert (code, failing(result)) == (0, {})
    assert not any("not known" in note for note in result["notes"])


@pytest.mark.parametrize(
    ("migration", "statement", "told"),
    [
        ("DROP INDEX orders_customer", Application().of_customer, "orders_customer"),
        ("DROP INDEX customer_email", Application().by_email, "customer_email"),
        ("DROP INDEX orders_placed; CREATE INDEX ON orders (id, placed_at)", "ORDER BY placed_at", "orders_placed"),
    ],
)
def test_a_migration_that_drops_an_index_fails_without_any_data(
    pg: Any, production: Path, configuration: Path, migration: str, statement: str, told: str
) -> None:
    small(pg, migration)
    code, result = check(pg, "--statistics", str(production), "--config", str(configuration))
    assert code == 1
    said = next(said for query, said in failing(result).items() if statement in query)
    assert any(told in text for text in said), said
    # a hundred rows a table show nothing of it
    assert check(pg, "--config", str(configuration))[0] == 0


def test_a_type_that_no_longer_fits_fails(pg: Any, production: Path, configuration: Path) -> None:
    application = Application(
        items="SELECT i.product_id, i.price FROM item i JOIN orders o ON o.id = i.order_id::int "
        "WHERE o.customer_id = $1"
    )
    application.in_place = application.in_place.replace("i.order_id", "i.order_id::int")
    small(pg, "ALTER TABLE item ALTER order_id TYPE text", application)
    # the same text runs on both schemas: a cast of an int to int
    code, result = check(pg, "--statistics", str(production), "--config", str(configuration))
    assert code == 1
    assert any("i.order_id::int" in query for query in failing(result)), result
    assert any("item.order_id" in note for note in result["notes"]), result["notes"]


def test_a_new_statement_that_scans_a_large_table_fails(pg: Any, production: Path, configuration: Path) -> None:
    small(pg, application=Application(one_order=SCAN))
    code, result = check(pg, "--statistics", str(production), "--config", str(configuration))
    assert code == 1
    assert list(failing(result)) == [SCAN]
    assert "reads all of public.item" in failing(result)[SCAN][0]
    assert check(pg, "--config", str(configuration))[0] == 0


def test_new_tables_and_columns_are_named(pg: Any, production: Path, configuration: Path) -> None:
    application = Application(one_order="SELECT c.nickname FROM customer c JOIN badge b ON b.customer_id = c.id")
    application.one_order += " WHERE b.id = $1"
    small(
        pg,
        "CREATE TABLE badge (id int PRIMARY KEY, customer_id int); ALTER TABLE customer ADD nickname text",
        application,
    )
    code, result = check(pg, "--statistics", str(production), "--config", str(configuration))
    assert code == 0, failing(result)
    said = "\n".join(result["notes"])
    assert "not known: table public.badge" in said
    assert "not known: column public.customer.nickname" in said


def test_a_snapshot_of_another_database_is_one_clear_line(pg: Any, production: Path) -> None:
    pg.execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE elsewhere (a int)")
    pg.fetch("SELECT * FROM elsewhere")
    found = CliRunner().invoke(app, ["check", pg.dsn, "--statistics", str(production)])
    assert found.exit_code != 0
    assert "none of the tables" in str(found.exception)

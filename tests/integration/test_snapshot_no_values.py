"""`pgtune snapshot --no-values`: nothing that rows hold is in the file, and the file still serves."""

import asyncio
import zipfile
from pathlib import Path

import msgspec
import pytest
from support.command import pgtune
from support.database import Database
from support.reports import report_of

from pgtune_cli.collect.snapshot_file import load, save
from pgtune_cli.model.snapshot import SampledText
from pgtune_cli.sql.without_values import without_values
from pgtune_cli.whatif.clone.schema_sql import schema_sql

pytestmark = pytest.mark.pg

SCHEMA = """
CREATE EXTENSION pg_stat_statements;
CREATE TYPE kind AS ENUM ('label_a', 'label_b');
CREATE TABLE person (
    id int PRIMARY KEY, name text NOT NULL, city text DEFAULT 'plant_default', born date, pay numeric, doc jsonb,
    tags text[], span int4range, flag kind, note text
);
COMMENT ON TABLE person IS 'plant_comment';
CREATE INDEX person_lower ON person (lower(note));
CREATE STATISTICS person_both (mcv) ON name, city FROM person;
CREATE SEQUENCE counter OWNED BY person.id;
SELECT setval('counter', 912345678);
CREATE FUNCTION secret(text DEFAULT 'plant_argument') RETURNS text LANGUAGE plpgsql
    AS $$BEGIN RETURN 'plant_body'; END$$;
CREATE VIEW unused AS SELECT * FROM person WHERE city = 'plant_view';
CREATE MATERIALIZED VIEW stored AS SELECT * FROM person WHERE city = 'plant_matview';
INSERT INTO person SELECT i, CASE WHEN i % 3 = 0 THEN 'plant_mcv' ELSE 'plant_histogram_' || i END,
    CASE WHEN i % 2 = 0 THEN 'plant_mcv_city' ELSE 'plant_city_' || i % 50 END, date '1871-03-17' + i % 3,
    777333111 + i % 2, jsonb_build_object('plant_json', i % 4), ARRAY['plant_element', 'plant_other' || i % 5],
    int4range(661177000, 661177000 + 1 + i), 'label_a', 'PLANT_note_' || i % 7
    FROM generate_series(1, 5000) AS i;
"""
ROWS = ("plant_mcv", "plant_histogram_", "1871-03-17", "777333111", "plant_json", "plant_element", "plant_mcv_city")
ROWS += ("661177000", "plant_note_", "912345678")
SENT = (
    "SELECT * FROM person WHERE name = 'plant_literal' AND pay > 4455667788",
    "SELECT count(*) FROM person WHERE city LIKE 'plant_like%' /* plant_sqlcomment */",
    "UPDATE person SET note = 'plant_update' WHERE id = 0",
    "SET application_name = 'plant_application'",
    "PREPARE p AS SELECT * FROM person WHERE name = 'plant_prepare'",
    "EXPLAIN SELECT * FROM person WHERE name = 'plant_explain'",
    "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM person WHERE name = 'plant_cursor' LIMIT 1",
    "CREATE TEMP TABLE plant_temp AS SELECT * FROM person WHERE name = 'plant_ctas'",
    "COPY (SELECT 'plant_copy') TO '/dev/null'",
    "DO $$BEGIN PERFORM 'plant_do'; END$$",
    "ALTER ROLE CURRENT_USER IN DATABASE {database} SET my.setting = 'plant_setting'",
)
SAMPLE = SampledText("SELECT * FROM person WHERE name = 'plant_sample'", "pg_stat_activity")


@pytest.fixture(scope="module")
def planted(pg_module: Database) -> Database:
    pg_module.execute(SCHEMA)
    pg_module.execute("VACUUM ANALYZE")

    async def send() -> None:
        connection = await pg_module.connect()
        for sql in SENT:
            await connection.execute(sql.replace("{database}", pg_module.database))
        await connection.close()

    asyncio.run(send())
    return pg_module


def texts(path: Path) -> str:
    """All that is in the file, unpacked, in lower case."""
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist()).lower()


def taken(pg: Database, folder: Path, *options: str) -> Path:
    path = folder / "x.pgtune"
    done = pgtune("snapshot", pg.dsn, "-o", str(path), *options)
    assert done.returncode == 0, done.stderr
    return path


def test_nothing_of_the_rows_is_in_the_file_and_it_is_analysed_all_the_same(planted: Database, tmp_path: Path) -> None:
    whole = taken(planted, tmp_path)
    before = texts(whole)
    assert [value for value in ROWS if value not in before] == []
    assert "plant_default" in before
    again = tmp_path / "again.pgtune"  # from the file, by the same way
    assert pgtune("snapshot", str(whole), "--no-values", "-o", str(again)).returncode == 0
    bare = taken(planted, tmp_path, "--no-values")
    for path in (bare, again):
        found = texts(path)
        assert "plant" not in found.replace("plant_temp", ""), found[max(found.find("plant") - 200, 0) :][:400]
        assert [value for value in (*ROWS, "4455667788") if value in found] == []
        assert '"values": false' in found
        assert "label_a" in found  # the schema stays
    report = report_of(bare)
    assert any(one["what"] == "values of rows" for one in report["skipped"])
    select = next(one for one in report["statements"] if "pay >" in one["query"])
    assert [plan["source"] for plan in select["plans"]] == ["snapshot"] * len(select["plans"]) != []
    assert select["query"] == "SELECT * FROM person WHERE name = $1 AND pay > $2"
    generic = next(one for one in report_of(again)["statements"] if "pay >" in one["query"])
    assert [plan["parameters"]["name"] for plan in generic["plans"]] == ["generic"]


def test_texts_that_were_seen_with_their_constants_are_left_out(planted: Database, tmp_path: Path) -> None:
    snapshot = load(taken(planted, tmp_path))
    row = msgspec.structs.replace(
        snapshot.workload.rows[0], query="/* plant_lead */ SELECT 'plant_row', 5 -- plant_end"
    )
    workload = msgspec.structs.replace(snapshot.workload, rows=(row,), samples=(SAMPLE,))
    path = tmp_path / "y.pgtune"
    bare = without_values(msgspec.structs.replace(snapshot, workload=workload))
    save(bare, path, schema_sql(bare))
    assert "plant" not in texts(path)
    assert load(path).workload.rows[0].query == "SELECT $1, $2"
    assert without_values(bare) == bare

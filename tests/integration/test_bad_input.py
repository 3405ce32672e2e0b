"""Bad input ends in one clear line, the right exit code, no traceback, and everything else still analysed."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from support.blog import load_blog
from support.collecting import read
from support.command import pgtune

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.cli.planning import explain
from pgtune_cli.cli.source import Source
from pgtune_cli.collect.connection import connect
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.sql.statements import statements

pytestmark = pytest.mark.pg


@pytest.fixture(scope="module")
def blog(pg_module: Any) -> Any:
    load_blog(pg_module)
    return pg_module


def ends(done: Any, code: int, *said: str) -> None:
    assert done.returncode == code, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in done.stderr, done.stderr


def test_a_database_that_does_not_exist(blog: Any) -> None:
    ends(pgtune("analyze", blog.dsn.replace(blog.database, "no_such_db")), 3, "no_such_db")


def test_a_socket_without_a_server(tmp_path: Path) -> None:
    ends(pgtune("analyze", f"host={tmp_path} dbname=x user=y"), 3, str(tmp_path))


def test_a_target_that_is_nothing(tmp_path: Path) -> None:
    ends(pgtune("analyze", "nonsense", cwd=tmp_path), 2, "nonsense")


def test_pg_stat_statements_preloaded_but_not_created(pg: Any) -> None:
    ends(pgtune("analyze", pg.dsn), 4, "CREATE EXTENSION")


def test_pg_stat_statements_not_preloaded() -> None:
    with embedded_server(settings={"fsync": "off"}) as server:
        ends(pgtune("analyze", server.dsn("postgres")), 4, "shared_preload_libraries")


def test_an_empty_workload_gives_an_empty_report(pg: Any) -> None:
    pg.execute("CREATE EXTENSION pg_stat_statements")
    pg.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
    done = pgtune("analyze", pg.dsn, "--format", "json")
    ends(done, 0)
    report = json.loads(done.stdout)
    assert [one["query"] for one in report["statements"] if "pg_stat_statements_reset" not in one["query"]] == []


def test_a_role_that_may_read_nothing_says_what_to_grant(blog: Any) -> None:
    dsn = blog.create_role("reads_nothing")
    done = pgtune("analyze", dsn, "--format", "json")
    assert done.returncode in (0, 4), done.stderr
    assert "Traceback" not in done.stderr
    told = done.stderr if done.returncode else json.dumps(json.loads(done.stdout)["skipped"])
    assert "GRANT" in told
    assert "pg_monitor" in told or "pg_read_all_stats" in told
    # a report of nothing looks like one that found nothing
    assert "no statement can be analysed" in done.stderr
    ends(pgtune("doctor", dsn), 4)
    script = pgtune("indexes", dsn)
    ends(script, 0, "no statement can be analysed")
    assert "No statement of the workload could be read" in script.stdout


def test_without_select_the_rest_is_still_analysed(blog: Any) -> None:
    dsn = blog.create_role("reads_posts", "pg_monitor", "select on post, author")
    done = pgtune("analyze", dsn, "--format", "json")
    ends(done, 0)
    report = json.loads(done.stdout)
    by_text = {one["query"]: one for one in report["statements"]}
    post = next(one for text, one in by_text.items() if "author_id = $1" in text)
    assert any(plan["executed"] for plan in post["plans"])
    comment = next(one for text, one in by_text.items() if "FROM comment" in text)
    assert not any(plan["executed"] for plan in comment["plans"])
    reason = comment["not_explained"] or comment["not_executed"]
    assert "comment" in reason
    assert "GRANT SELECT" in json.dumps(report["skipped"]) + reason


def test_dropped_tables_strange_texts_and_cut_off_texts_are_named_and_the_rest_is_analysed(pg: Any) -> None:
    load_blog(pg)
    pg.execute("CREATE TABLE gone (a int)")
    pg.execute("SELECT * FROM gone WHERE a = 1")
    pg.execute("DROP TABLE gone")
    pg.execute("SELECT '" + "x" * 10 + "' AS c, " + ", ".join(f"{i} AS column_number_{i}" for i in range(200)))
    pg.execute(
        "SELECT JSON_OBJECT('a': 1, 'b': 2) IS JSON" if pg.version_num >= 160000 else "SELECT 1 <@ int4range(1, 2)"
    )
    done = pgtune("analyze", pg.dsn, "--format", "json")
    ends(done, 0, "superuser")
    report = json.loads(done.stdout)
    gone = next(one for one in report["statements"] if "gone" in one["query"])
    assert "gone" in gone["not_explained"]
    cut = next(one for one in report["statements"] if "column_number_1" in one["query"])
    assert cut["plans"] or "track_activity_query_size" in cut["not_explained"]
    assert sum(bool(one["plans"]) for one in report["statements"]) >= 7


def test_a_damaged_snapshot(blog: Any, tmp_path: Path) -> None:
    assert pgtune("snapshot", blog.dsn, "-o", "a.pgtune", cwd=tmp_path).returncode == 0
    whole = (tmp_path / "a.pgtune").read_bytes()
    (tmp_path / "a.pgtune").write_bytes(whole[: len(whole) // 2])
    ends(pgtune("analyze", "a.pgtune", cwd=tmp_path), 2, "a.pgtune")


def test_a_workload_folder_takes_the_place_of_pg_stat_statements(blog: Any, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text(
        "-- pgtune: calls=1200\nSELECT * FROM comment WHERE author_id = 17;\nSELECT 1;\nSELEC broken;\n",
        encoding="utf-8",
    )
    done = pgtune("analyze", blog.dsn, "--workload", str(tmp_path), "--format", "json")
    ends(done, 0)
    report = json.loads(done.stdout)
    assert report["workload"]["source"] == "workload"
    served = next(one for one in report["statements"] if "comment" in one["query"])
    assert served["calls"] == 1200
    assert any(index["columns"] == ["author_id"] for index in report["indexes"]["chosen"])
    assert next(one for one in report["statements"] if "SELEC " in one["query"])["not_explained"]


def test_check_fails_on_a_slow_statement_with_both_numbers(blog: Any, tmp_path: Path) -> None:
    (tmp_path / "pgtune.yaml").write_text("slow_query_threshold: 0.001ms\nmin_calls: 1\n", encoding="utf-8")
    done = pgtune("check", blog.dsn, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "FAIL" in done.stdout
    assert "0.001" in done.stdout
    assert pgtune("baseline", blog.dsn, "-o", "b.json", cwd=tmp_path).returncode == 0
    known = pgtune("check", blog.dsn, "--baseline", "b.json", "--format", "json", cwd=tmp_path)
    assert known.returncode == 0, known.stdout
    assert json.loads(known.stdout)["outcome"] == "passed"


def test_a_statement_elsewhere_that_this_encoding_cannot_hold_is_told_with_its_remedy(pg: Any) -> None:
    name = f"{pg.database}_latin1"
    pg.execute("CREATE EXTENSION pg_stat_statements")
    pg.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    dsn = pg.dsn.replace(pg.database, name)
    asyncio.run(create_extension(dsn))
    pg.execute('SELECT 1 AS "😀"')
    try:
        ends(pgtune("analyze", dsn), 4, "this database's encoding does not have", "pg_stat_statements_reset")
    finally:
        pg.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
        pg.execute(f"DROP DATABASE {name}")


async def create_extension(dsn: str) -> None:
    connection = await connect(dsn, read_only=False)
    await connection.execute("CREATE EXTENSION pg_stat_statements")
    await connection.close()


def test_a_connection_that_breaks_while_statements_are_explained_is_in_the_report(
    blog: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = read(blog.dsn)

    async def main() -> Analysis:
        connection = await connect(blog.dsn)
        connection.terminate()
        source = Source(snapshot, connection)
        return await explain(source, statements(snapshot), AnalyzeOptions(), None, (), Notes())

    analysis = asyncio.run(main())
    assert "the connection to the server" in [one.what for one in analysis.skipped]
    assert "the connection to the server: it broke" in capsys.readouterr().err


def test_options_that_choose_hold_for_a_snapshot_too(blog: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "blog.pgtune")
    ends(pgtune("snapshot", blog.dsn, "-o", file), 0)
    done = pgtune("analyze", file, "--top", "1", "--order-by", "calls", "--schema", "Odd*", "--format", "json")
    ends(done, 0)
    report = json.loads(done.stdout)
    assert [one["calls"] for one in report["statements"]] == [200]
    ends(pgtune("analyze", file, "--top", "0"), 2, "--top")
    ends(pgtune("analyze", file, "--schema", "nowhere"), 2, "is in schema nowhere")
    ends(pgtune("indexes", blog.dsn, "--schema", "nowhere"), 2, "is in schema nowhere")
    ends(pgtune("indexes", file, "--engine", "hypopg"), 2, "needs a server")


def test_a_clone_that_does_not_start_costs_the_index_advice_alone(blog: Any, tmp_path: Path) -> None:
    for name in ("initdb", "postgres"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) 18.1"\n', encoding="utf-8")
        program.chmod(0o755)
    done = pgtune("analyze", blog.dsn, "--no-execute", "--pg-bin", str(tmp_path), "--format", "json")
    ends(done, 0, "no statistics-only clone")
    report = json.loads(done.stdout)
    assert any(one["plans"] for one in report["statements"])
    assert report["indexes"]["engine"] is None
    assert "index advice and what-if plans" in [one["what"] for one in report["skipped"]]


def test_a_folder_of_good_and_bad_files_is_advised_on_and_each_bad_one_is_named(blog: Any, tmp_path: Path) -> None:
    files = {
        "a": "SELECT * FROM comment WHERE post_id = 7",
        "b": "SELECT id FROM post WHERE author_id = 3; SELECT count(*) FROM comment WHERE author_id = 4",
        "c": "SELEC nothing",
        "d": "UPDATE comment SET body = 'x' WHERE post_id = 9",
        "e": "VACUUM comment",
        "f": "SELECT * FROM nowhere",
        "g": "SELECT 'no end",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.sql").write_text(text)
    done = pgtune("indexes", blog.dsn, "--workload", str(tmp_path), "--budget", "1GB", "--format", "json")
    ends(
        done, 0, "c.sql:1 is left out", "e.sql:1: a utility", 'f.sql:1 is left out: relation "nowhere"', "g.sql: line 1"
    )
    advice = json.loads(done.stdout)
    found = {(index["relation"], *index["columns"]) for index in advice["chosen"]}
    assert {("public.comment", "post_id"), ("public.post", "author_id"), ("public.comment", "author_id")} <= found
    assert 0 <= advice["optimality_gap"] <= 1
    few = json.loads(pgtune("indexes", blog.dsn, "--workload", str(tmp_path), "--max-indexes", "1", "--max-keys", "1",
                            "--time-limit", "9s", "--format", "json", "-q").stdout)  # fmt: skip
    assert [len(index["columns"]) for index in few["chosen"]] == [1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "huge"), "'huge' is no size"),
        (("--time-limit", "soon"), "soon"),
        (("--max-indexes", "-1"), "--max-indexes"),
        (("--workload", "empty"), "no .sql file below"),
    ],
)
def test_options_that_say_nothing(blog: Any, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "empty").mkdir()
    ends(pgtune("indexes", blog.dsn, *options, cwd=tmp_path), 2, said)

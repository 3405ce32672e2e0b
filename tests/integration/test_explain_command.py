"""`pgtune explain`: a statement of the workload, of the command line, of a file, of stdin; and a saved plan."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.blog import load_blog
from support.command import pgtune
from support.database import Database

from pgtune_cli.report.schema import json_schema

pytestmark = pytest.mark.pg

BY_AUTHOR = "SELECT id, title FROM post WHERE author_id = $1 ORDER BY created_at DESC LIMIT $2"
INDEX = "CREATE INDEX ON post (author_id, created_at DESC)"


@pytest.fixture(scope="module")
def blog(pg_module: Database) -> Database:
    load_blog(pg_module)
    return pg_module


@pytest.fixture(scope="module")
def file(blog: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("explain") / "blog.pgtune"
    done = pgtune("snapshot", blog.dsn, "-o", str(path))
    assert done.returncode == 0, done.stderr
    return str(path)


def explained(*arguments: str) -> dict[str, Any]:
    done = pgtune("explain", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, json.loads(json_schema("explain")))
    return found


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for child in node["children"] for below in nodes(child))]


def test_before_and_after_are_those_of_the_real_index(blog: Database, file: str) -> None:
    found = explained(file, "--query", BY_AUTHOR, "--with-index", INDEX, "--with-index", "CREATE INDEX ON post (views)")
    assert found["statement"]["calls"] == 60
    assert found["plans"][0]["source"] == "snapshot"
    assert found["fidelity"]["reason"] is None
    what_if = found["what_if"]
    assert [(one["name"], one["used"]) for one in what_if["with_indexes"]] == [
        ("post_author_id_created_at_idx", True),
        ("post_views_idx", False),
    ]
    before = what_if["plans"][0]
    assert before["cost_before"] == found["plans"][0]["total_cost"]
    assert before["used"] == ["post_author_id_created_at_idx"]
    assert "post_author_id_created_at_idx" in {node["index_name"] for node in nodes(before["after"]["root"])}
    blog.execute(INDEX.replace("INDEX ON", "INDEX really ON"))
    try:
        live = explained(blog.dsn, "--query", BY_AUTHOR, "--no-execute", "--without-index", "really")
        size = blog.fetch("SELECT pg_relation_size('really') AS size")[0]["size"]
    finally:
        blog.execute("DROP INDEX really")
    assert live["plans"][0]["source"] == "server"
    assert live["plans"][0]["total_cost"] == pytest.approx(before["cost_after"], rel=0.01)
    assert live["what_if"]["without_indexes"] == ["public.really"]
    assert live["what_if"]["plans"][0]["cost_after"] == before["cost_before"]
    assert what_if["with_indexes"][0]["size_bytes"] == pytest.approx(size, rel=0.1)


def test_settings_are_those_of_the_plan_alone(file: str) -> None:
    found = explained(file, "--query", BY_AUTHOR, "--set", "enable_seqscan=off", "--set", "Work_Mem = 64kB")
    what_if = found["what_if"]
    assert what_if["settings"] == {"enable_seqscan": "off", "work_mem": "64kB"}
    assert what_if["plans"][0]["cost_before"] == found["plans"][0]["total_cost"]
    assert what_if["plans"][0]["after"] != what_if["plans"][0]["before"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "fsync=off"], "--set fsync=off: it is no setting of the planner"),
        (["--set", "work_men=4MB"], "it is no setting of the planner\nhint: did you mean work_mem?"),
        (["--set", "work_mem=much"], 'invalid value for parameter "work_mem": "much"'),
        (["--set", "work_mem"], "--set work_mem names no value"),
        (["--with-index", "DROP TABLE post"], "it is no CREATE INDEX"),
        (["--with-index", "CREATE INDEX ON post (id) WHERE pg_read_file('/etc/passwd') = 'x'"], "must be marked"),
        (["--with-index", "CREATE INDEX ON author (name)"], "does not touch public.author"),
        (["--with-index", "CREATE INDEX ON post ((views / $1))"], "not one expression"),
        (["--without-index", "author_pkey"], "does not touch public.author: its index author_pkey changes nothing"),
        (["--without-index", "post_pkei"], "there is no index post_pkei\nhint: did you mean post_pkey?"),
        (["--file", "/nowhere"], "--query and --file are given"),
    ],
)
def test_what_cannot_be_imagined_is_one_line(file: str, arguments: list[str], says: str) -> None:
    done = pgtune("explain", file, "-q", "--query", BY_AUTHOR, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_side_by_side_at_80_columns_and_wider(file: str) -> None:
    for columns in ("80", "140"):
        done = pgtune("explain", file, "--query", BY_AUTHOR, "--with-index", INDEX, env={"COLUMNS": columns})
        assert done.returncode == 0, done.stderr
        both = [line for line in done.stdout.splitlines() if " | " in line]
        assert both[0].split(" | ")[0].startswith("before: cost 1,6")
        assert both[0].split(" | ")[1].startswith("after: cost 3")
        assert all(len(line) <= int(columns) for line in both)
        assert {line.index(" | ") for line in both} == {(int(columns) - 3) // 2}
        assert "post_author_id_created_at_idx" in "".join(line.split(" | ")[1].strip() for line in both)
    assert "used: CREATE INDEX CONCURRENTLY post_author_id_created_at_idx" in done.stdout


def test_a_statement_by_its_queryid_by_a_file_and_by_stdin(file: str, tmp_path: Path) -> None:
    by_text = explained(file, "--query", BY_AUTHOR)
    fingerprint = by_text["statement"]["fingerprint"]
    assert explained(file, "--queryid", fingerprint) == by_text
    path = tmp_path / "q.sql"
    path.write_text(f"-- of the blog\n{BY_AUTHOR};\n", encoding="utf-8")
    assert explained(file, "--file", str(path)) == by_text
    unknown = pgtune("explain", file, "--queryid", "12345")
    assert unknown.returncode == 2
    assert "no statement of the workload has the queryid or fingerprint 12345" in unknown.stderr
    command = [sys.executable, "-m", "pgtune_cli", "explain", file, "-q", "--format", "json"]
    piped = subprocess.run(command, input="SELECT 7 AS lucky", capture_output=True, text=True, check=False)
    assert piped.returncode == 0, piped.stderr
    assert json.loads(piped.stdout)["statement"]["query"] == "SELECT 7 AS lucky"
    two = subprocess.run(command, input="SELECT 1; SELECT 2", capture_output=True, text=True, check=False)
    assert (two.returncode, two.stdout) == (2, "")
    assert "2 statements are given" in two.stderr


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("DROP TABLE post", "DROP has no plan"),
        ("SELECT * FROM posts", 'relation "posts" does not exist: post may be meant, or it was dropped or renamed'),
        ("SELECT titel FROM post", 'column "titel" does not exist: perhaps you meant to reference the column'),
    ],
)
def test_a_statement_that_cannot_be_planned_exits_4(file: str, query: str, says: str) -> None:
    done = pgtune("explain", file, "-q", "--query", query, "--format", "json")
    assert (done.returncode, done.stderr) == (4, "")
    found = json.loads(done.stdout)
    assert found["plans"] == []
    assert found["not_explained"].startswith(says)


def test_a_saved_plan_is_judged_without_a_database(blog: Database, tmp_path: Path) -> None:
    text = "SELECT * FROM comment WHERE body <> 'no such body' ORDER BY body, created_at"
    blog.execute("SET max_parallel_workers_per_gather = 0; SET work_mem = '64kB'")
    plan = blog.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}")[0][0]
    blog.execute("RESET ALL")
    path = tmp_path / "plan.json"
    path.write_text(plan, encoding="utf-8")
    found = explained("--plan", str(path))
    assert found["statement"] is None
    assert found["plans"][0]["executed"]
    assert "no such body" not in json.dumps(found)
    assert [one["rule"] for one in found["findings"]] == ["PLAN002"]
    path.write_text("Seq Scan on post  (cost=0.00..1.00 rows=1 width=4)", encoding="utf-8")
    assert pgtune("explain", "--plan", str(path)).stdout.startswith("Saved plan, planned: cost 1.00\nSeq Scan on post")
    path.write_text("Dear John,", encoding="utf-8")
    done = pgtune("explain", "--plan", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) <= 3

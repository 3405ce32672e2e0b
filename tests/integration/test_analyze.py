"""`pgtune analyze` as a user runs it, on every major, on a database that is not the demo."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.blog import load_blog
from support.command import pgtune

from pgtune_cli.report.schema import json_schema

pytestmark = [pytest.mark.pg, pytest.mark.majors("all")]


@pytest.fixture(scope="module")
def blog(pg_module: Any) -> Any:
    load_blog(pg_module)
    # or the BEGIN and COMMIT of one run count as time of the application in the next
    pg_module.execute(f"ALTER DATABASE {pg_module.database} SET pg_stat_statements.track_utility = off")
    pg_module.reader = pg_module.create_role(
        "blog_reader",
        "pg_monitor",
        'usage on schema "Odd Schema"',
        'select on all tables in schema public, "Odd Schema"',
    )
    return pg_module


@pytest.fixture(scope="module")
def report(blog: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("analyze")
    files = [folder / name for name in ("r.json", "r.html", "r.md", "i.sql")]
    done = pgtune("analyze", blog.reader, *[word for file in files for word in ("-o", str(file))])
    assert done.returncode == 0, done.stderr
    assert "blog_reader" in done.stderr.splitlines()[0]
    assert "What costs most" in done.stdout
    assert all(file.stat().st_size > 500 for file in files)
    return json.loads((folder / "r.json").read_text(encoding="utf-8"))


def statement(report: dict[str, Any], part: str) -> dict[str, Any]:
    found = [one for one in report["statements"] if part in one["query"]]
    assert len(found) == 1, [one["query"] for one in report["statements"]]
    return found[0]


def test_the_report_fits_its_schema(report: dict[str, Any]) -> None:
    jsonschema.validate(report, json.loads(json_schema("report")))


def test_reads_are_executed_and_writes_are_only_planned(report: dict[str, Any]) -> None:
    read = statement(report, "WHERE author_id =")
    assert any(plan["executed"] and plan["blocks"] > 0 for plan in read["plans"])
    write = statement(report, "UPDATE post")
    assert write["plans"]
    assert not any(plan["executed"] for plan in write["plans"])
    assert write["not_executed"]


def test_every_statement_has_a_plan_or_a_reason(report: dict[str, Any]) -> None:
    for one in report["statements"]:
        assert one["plans"] or one["not_explained"], one["query"]
    assert statement(report, "Odd Schema")["plans"]


def test_the_missing_indexes_are_advised_and_nothing_else(report: dict[str, Any]) -> None:
    advised = {(index["relation"], tuple(index["columns"])) for index in report["indexes"]["chosen"]}
    relations = {relation for relation, _ in advised}
    assert any("comment" in relation for relation in relations)
    assert any("Täble" in relation for relation in relations)
    assert any("post" in relation for relation in relations)
    assert not any("author" in relation for relation in relations)


def test_the_pagination_is_rewritten_and_proven(report: dict[str, Any]) -> None:
    rewrite = next(one for one in report["rewrites"] if "OFFSET" in one["before"])
    assert rewrite["status"] == "proven", rewrite["reason"]
    assert rewrite["proof"] == {"method": "adjacency", "mismatches": 0, "rows": 40_000, "samples": 12, "missed": None}


@pytest.mark.majors(13, 18)
def test_pgtunes_own_statements_do_not_count(report: dict[str, Any], blog: Any) -> None:
    again = pgtune("analyze", blog.reader, "--format", "json", "--no-execute")
    assert again.returncode == 0, again.stderr
    texts = [one["query"] for one in json.loads(again.stdout)["statements"]]
    assert not [text for text in texts if "pgtune" in text or "pg_catalog" in text or "EXPLAIN" in text.upper()]


def test_no_value_of_a_row_reaches_the_report(report: dict[str, Any]) -> None:
    text = json.dumps(report, ensure_ascii=False)
    assert "value 7" not in text
    assert "author 1" not in text


def test_the_clone_agrees_with_the_server(report: dict[str, Any], blog: Any) -> None:
    compared = [one["fidelity"] for one in report["statements"] if one["fidelity"]]
    assert len(compared) >= 6
    same = [one for one in compared if one["same_shape"]]
    assert len(same) >= (len(compared) if blog.version_num >= 180000 else len(compared) - 1)


@pytest.mark.majors(13, 18)
def test_a_snapshot_gives_the_same_indexes(blog: Any, tmp_path: Path) -> None:
    taken = pgtune("snapshot", blog.reader, "-o", "blog.pgtune", cwd=tmp_path)
    assert taken.returncode == 0, taken.stderr
    assert (tmp_path / "blog.pgtune").stat().st_mode & 0o777 == 0o600
    done = pgtune("indexes", "blog.pgtune", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    live = pgtune("indexes", blog.reader, "--format", "json", cwd=tmp_path)
    # without execution on both sides: an executed plan knows its rows, and the time of others is judged by them
    file, server = json.loads(done.stdout), json.loads(live.stdout)
    assert file["chosen"]
    assert [file[part] for part in ("chosen", "possible", "rejected", "dropped")] == [
        server[part] for part in ("chosen", "possible", "rejected", "dropped")
    ]


@pytest.mark.majors(13, 18)
def test_the_advised_indexes_are_used_and_lower_the_blocks(report: dict[str, Any], blog: Any) -> None:
    for index in report["indexes"]["chosen"]:
        blog.execute(index["sql"])
    blog.execute("VACUUM ANALYZE")
    after = pgtune("analyze", blog.reader, "--format", "json")
    assert after.returncode == 0, after.stderr
    now = {one["fingerprint"]: one for one in json.loads(after.stdout)["statements"]}
    before = {one["fingerprint"]: one for one in report["statements"]}
    for index in report["indexes"]["chosen"]:
        for served in index["statements"]:
            fingerprint = served["fingerprint"]
            assert index["name"] in used(now[fingerprint]), before[fingerprint]["query"]
            if before[fingerprint]["not_executed"] is None:
                assert blocks(now[fingerprint]) < blocks(before[fingerprint])


def used(one: dict[str, Any]) -> set[str]:
    """Names of the indexes in the plans of a statement."""
    found, waiting = set(), [plan["plan"]["root"] for plan in one["plans"]]
    while waiting:
        node = waiting.pop()
        found.add(node["index_name"])
        waiting.extend(node["children"])
    return found


def blocks(one: dict[str, Any]) -> int:
    return next(plan["blocks"] for plan in one["plans"] if plan["executed"])

"""Options of the commands on a real server: gates, selection, the HypoPG engine, several outputs at once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.blog import load_blog
from support.command import pgtune

pytestmark = pytest.mark.pg


@pytest.fixture(scope="module")
def blog(pg_module: Any) -> Any:
    load_blog(pg_module)
    return pg_module


def test_fail_on_ends_with_1_and_exit_zero_does_not(blog: Any) -> None:
    assert pgtune("analyze", blog.dsn, "--no-execute", "--fail-on", "info", "-q").returncode == 1
    assert pgtune("analyze", blog.dsn, "--no-execute", "--fail-on", "info", "--exit-zero").returncode == 0


def test_selected_rules_alone_are_judged_and_an_unknown_one_is_named(blog: Any) -> None:
    done = pgtune(
        "analyze", blog.dsn, "--no-execute", "--select", "SCHEMA", "--ignore", "SCHEMA001", "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    fired = {finding["rule"] for finding in json.loads(done.stdout)["findings"]}
    assert all(rule.startswith("SCHEMA") and rule != "SCHEMA001" for rule in fired)
    unknown = pgtune("analyze", blog.dsn, "--no-execute", "--select", "SHCEMA")
    assert unknown.returncode == 2
    assert "SHCEMA" in unknown.stderr


def test_a_budget_of_nothing_advises_nothing(blog: Any) -> None:
    done = pgtune("indexes", blog.dsn, "--budget", "8kB", "--format", "json")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    assert advice["chosen"] == []
    assert any("budget" in rejected["reason"] for rejected in advice["rejected"])


def test_top_takes_the_costliest_alone(blog: Any) -> None:
    done = pgtune("analyze", blog.dsn, "--no-execute", "--top", "2", "--order-by", "calls", "--format", "json")
    assert done.returncode == 0, done.stderr
    statements = json.loads(done.stdout)["statements"]
    assert len(statements) == 2
    assert max(one["calls"] for one in statements) == 200


def test_values_appear_only_when_asked_for(blog: Any, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("SELECT id FROM comment WHERE post_id = $1 AND author_id = 7", encoding="utf-8")
    arguments = ("analyze", blog.dsn, "--no-execute", "--workload", str(tmp_path / "q.sql"), "--format", "json")
    hidden, shown = (json.loads(pgtune(*arguments, *more).stdout) for more in ((), ("--show-values",)))
    assert all(plan["parameters"]["values"] is None for plan in hidden["statements"][0]["plans"])
    assert any(plan["parameters"]["values"] for plan in shown["statements"][0]["plans"])
    assert "author_id = ?" in json.dumps(hidden["statements"][0]["plans"])
    assert "author_id = 7" in json.dumps(shown["statements"][0]["plans"])


@pytest.mark.majors(15)
def test_hypopg_advises_as_the_clone_does(blog: Any) -> None:
    if not blog.fetch("SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'"):
        assert "PGTUNE_CI" not in os.environ, "HypoPG for PostgreSQL 15 is missing"
        pytest.skip("this server has no HypoPG")
    blog.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
    advised = []
    for engine in ("clone", "hypopg"):
        done = pgtune("indexes", blog.dsn, "--engine", engine, "--format", "json")
        assert done.returncode == 0, done.stderr
        advice = json.loads(done.stdout)
        assert advice["engine"] == engine
        advised.append({index["relation"] for index in advice["chosen"]})
    assert advised[0] == advised[1]


def test_hypopg_without_the_extension_is_one_clear_line(blog: Any) -> None:
    done = pgtune("indexes", blog.dsn, "--engine", "hypopg")
    assert done.returncode == 4, done.stderr
    assert "hypopg" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_rules_are_listed_as_json() -> None:
    listed = json.loads(pgtune("rules", "list", "--format", "json").stdout)
    assert (listed["kind"], listed["schema_version"]) == ("rules", 1)
    assert len(listed["rules"]) >= 15
    assert {"id", "name", "severity", "why", "when"} <= set(listed["rules"][0])

"""Values that a user gives or a log shows come first, with their origin, and are in no report; flips are told."""

import asyncio
import json
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest
from support.command import pgtune

from pgtune_cli.cli.write import FORMATS
from pgtune_cli.sql.server_log import read_log

pytestmark = pytest.mark.pg
SECRET, OTHER = "zebra-4711", "yak-0815"
BY_STATE = "select * from jobs where state = $1 and id > $2"


@pytest.fixture(scope="module")
def jobs(pg_module: Any) -> Any:
    """Nearly all jobs are done; what is not is found by an index."""
    pg_module.execute(
        f"""create extension pg_stat_statements;
            create table jobs (id int primary key, state text, payload text);
            insert into jobs select i, case when i % 2000 = 0 then '{SECRET}' when i % 1999 = 0 then '{OTHER}'
              else 'done' end, repeat('x', 200) from generate_series(1, 60000) i;
            create index jobs_state_idx on jobs (state);
            create table small (id int, state text);
            insert into small select i, 'done' from generate_series(1, 50) i;"""
    )
    pg_module.execute("analyze")

    async def run() -> None:
        connection = await asyncpg.connect(pg_module.dsn)
        for _ in range(12):
            await connection.fetch("select * from jobs where state = $1", SECRET)
            await connection.fetch(BY_STATE, SECRET, 7)
            await connection.fetch("select * from small where state = $1", "done")
        await connection.close()

    asyncio.run(run())
    return pg_module


class Given(NamedTuple):
    """A report with values of the user's, the folder of its files, and what was said on stderr."""

    report: dict[str, Any]
    folder: Path
    said: str


def analyzed(*arguments: str, cwd: Path) -> Given:
    done = pgtune("analyze", *arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return Given(json.loads(done.stdout), cwd, done.stderr)


def plans(report: dict[str, Any], query: str) -> list[tuple[str, str]]:
    one = next(one for one in report["statements"] if one["query"] == query)
    return [(plan["parameters"]["name"], plan["parameters"]["origin"]) for plan in one["plans"]]


@pytest.fixture(scope="module")
def given(jobs: Any, tmp_path_factory: pytest.TempPathFactory) -> Given:
    folder = tmp_path_factory.mktemp("params")
    (folder / "params.yaml").write_text(
        f'open jobs:\n  query: "SELECT * FROM jobs WHERE state = $1 AND *"\n'
        f"  sets:\n    stuck: [{OTHER}, 31337]\n    idle: {{2: 5, $1: null}}\n"
        "nobody:\n  queryid: 17\n  sets: {a: [1]}\n"
    )
    files = [f"-o{name}=r.{name}" for name in FORMATS]
    return analyzed(jobs.dsn, "--params", "params.yaml", *files, cwd=folder)


def test_values_of_the_user_come_first_with_their_origin(given: Given) -> None:
    found = plans(given.report, BY_STATE)
    assert found[:2] == [("stuck", "params-file"), ("idle", "params-file")]
    assert ("generic", "generic") in found


def test_no_value_is_in_any_report(given: Given) -> None:
    texts = [given.said, json.dumps(given.report), *(file.read_text() for file in given.folder.glob("r.*"))]
    assert len(texts) == 2 + len(FORMATS)
    assert all("jobs" in text for text in texts[1:])
    for text in texts:
        assert not [value for value in (SECRET, OTHER, "31337") if value in text]


def test_values_are_shown_when_they_are_asked_for(jobs: Any, given: Given) -> None:
    found = analyzed(jobs.dsn, "--params", "params.yaml", "--show-values", "--no-execute", cwd=given.folder)
    assert f'"{OTHER}", "31337"' in json.dumps(found.report)


def test_an_entry_that_names_no_statement_is_told(given: Given) -> None:
    assert "params.yaml:6: no statement has the queryid of 'nobody'" in given.said


def test_values_are_planned_for_a_snapshot_too(jobs: Any, given: Given) -> None:
    assert pgtune("snapshot", jobs.dsn, "-o", "s.pgtune", cwd=given.folder).returncode == 0
    found = plans(analyzed("s.pgtune", "--params", "params.yaml", cwd=given.folder).report, BY_STATE)
    assert found[0] == ("stuck", "params-file")


def test_a_plan_that_flips_is_a_finding_with_both_plans(given: Given) -> None:
    found = [finding for finding in given.report["findings"] if finding["rule"] == "PLAN030"]
    queries = {one["fingerprint"]: one["query"] for one in given.report["statements"]}
    flipped = {queries[name] for finding in found for name in finding["statements"]}
    assert "select * from jobs where state = $1" in flipped
    assert not {query for query in flipped if "small" in query}
    told = json.dumps(found)
    assert "Seq Scan on jobs" in told
    assert "an index scan of jobs_state_idx" in told


def logged(pg: Any, form: str) -> str:
    """What auto_explain writes to stderr, with a prefix of the server's."""
    lines: list[str] = []

    async def run() -> None:
        connection = await asyncpg.connect(pg.dsn)
        connection.add_log_listener(lambda _, message: lines.append(message.message))
        await connection.execute(
            "load 'auto_explain'; set auto_explain.log_min_duration = 0; set client_min_messages = log;"
            f"set auto_explain.log_format = {form}"
        )
        await connection.fetch(BY_STATE, f"{OTHER}", 99)
        await connection.execute(f"select * from small\nwhere state = '{SECRET}'")
        await connection.close()

    asyncio.run(run())
    return "".join("2026-01-01 00:00:00 UTC [7] LOG:  " + line.replace("\n", "\n\t") + "\n" for line in lines)


@pytest.mark.parametrize("form", ["text", "json"])
def test_values_of_a_log_of_auto_explain_come_first(jobs: Any, tmp_path: Path, form: str) -> None:
    (tmp_path / "server.log").write_text("2026-01-01 LOG:  checkpoint starting\n" + logged(jobs, form))
    if form == "text":
        assert sorted(one.query for one in read_log(tmp_path / "server.log")) == [
            f"select * from jobs where state = '{OTHER}' and id > '99'",
            f"select * from small\nwhere state = '{SECRET}'",
        ]
        return
    report = analyzed(jobs.dsn, "--params", "server.log", "--no-execute", cwd=tmp_path).report
    assert plans(report, BY_STATE)[0] == ("literal", "auto_explain")
    assert plans(report, "select * from small where state = $1")[0] == ("literal", "auto_explain")
    assert OTHER not in json.dumps(report)

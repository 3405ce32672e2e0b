"""Statistics are advised where an executed plan was misjudged, and the misjudgement goes away with them."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import pgtune
from support.database import Database
from support.psql import psql

pytestmark = [pytest.mark.pg, pytest.mark.majors(18)]

SCHEMA = """
create table visit (id int, city int, zip int, colour int, mail text, at timestamp, area text);
insert into visit select i, i % 40, (i % 40) * 2 + i / 40 % 2, (i * 7919) % 1009 % 20, 'User' || i,
    timestamp '2024-01-01' + i * interval '5 minutes', chr(97 + i % 40 / 2) from generate_series(1, 60000) as i;
create table half (seq int, at timestamp);
insert into half select case when i % 2 = 0 then 0 else i end,
    case when i % 2 = 0 then '2020-01-01' else timestamp '2024-01-01' + i * interval '5 minutes' end
    from generate_series(1, 60000) as i;
create table device (id int, serial int);
insert into device select i, case when i % 2 = 0 then i % 100 else i end from generate_series(1, 40000) as i;
create table word (id int, w int);
insert into word select i, case when i % 4 > 0 then i % 150 else i end from generate_series(1, 200000) as i;
create table stale (id int, state text) with (autovacuum_enabled = off);
insert into stale select i, 'old' from generate_series(1, 20000) as i;
create table "Odd :""\u00e9" ("A'b" int, "c ""\n; d" int);
insert into "Odd :""\u00e9" select i % 40, i % 40 from generate_series(1, 30000) as i;
"""
HIDDEN = """
select w from (select i % 150 as w from generate_series(0, 149) as i) as all_
where w::text not in (
    select unnest(most_common_vals::text::text[]) from pg_stats where tablename = 'word' and attname = 'w')
order by w limit 1"""
STATEMENTS = {
    "filter": "SELECT id FROM visit WHERE city = 7 AND zip = 14",
    "reversed": "SELECT id FROM visit WHERE area < 'b' AND city < 2",
    "independent": "SELECT id FROM visit WHERE city = 7 AND colour = 3",
    "group": "SELECT city, zip, count(*) FROM visit GROUP BY city, zip",
    "month": "SELECT date_trunc('month', at), count(*) FROM visit GROUP BY 1",
    "vain": "SELECT id FROM visit WHERE at < '2024-01-10' AND id < 2500",
    "vain_too": "SELECT seq FROM half WHERE at > '2024-07-01' AND seq > 52500",
    "stale": "SELECT id FROM stale WHERE state = 'new'",
    "having": "SELECT city FROM visit GROUP BY city, zip, colour, id HAVING count(*) > 1",
    "distinct": "SELECT serial, count(*) FROM device GROUP BY serial",
    "odd": 'SELECT count(*) FROM "Odd :""\u00e9" AS o WHERE "A\'b" = 3 AND "c ""\n; d" = 3',
}
ROWS = {"stale": 20000, "filter": 750, "reversed": 3000, "group": 80, "month": 7, "distinct": 20050, "word": 667}
ODD = 'public.Odd :"\u00e9'


def estimate(pg: Database, sql: str) -> float:
    return float(json.loads(pg.fetch(f"explain (format json) {sql}")[0][0])[0]["Plan"]["Plan Rows"])


def nearness(one: float, other: float) -> float:
    return max(one, other, 1.0) / max(min(one, other), 1.0)


def advice_of(pg: Database, folder: Path, statements: dict[str, str]) -> tuple[list[Any], list[Any]]:
    """What is advised and what was rejected."""
    work = folder / "workload"
    work.mkdir(exist_ok=True, parents=True)
    for name, text in statements.items():
        (work / f"{name}.sql").write_text(text + ";", encoding="utf-8")
    done = pgtune("analyze", pg.dsn, "--workload", str(work), "--format", "json", "-o", str(folder / "x.sql"))
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)["indexes"]
    return advice["statistics"], advice["rejected"]


def test_what_was_misjudged_is_mended(pg: Database, tmp_path: Path) -> None:
    """Correlated columns, an expression, a value too rare for the list, a column that ANALYZE counts wrong."""
    pg.execute(SCHEMA)
    pg.execute("vacuum analyze")
    pg.execute("set default_statistics_target = 1; analyze device")
    pg.execute("insert into stale select i, 'new' from generate_series(1, 20000) as i")
    word = pg.fetch(HIDDEN)[0]["w"]
    statements = {**STATEMENTS, "word": f"SELECT id FROM word WHERE w = {word}"}
    found, rejected = advice_of(pg, tmp_path, statements)
    told = {(one["relation"], *one["columns"]): (one["kinds"], one["status"]) for one in found}
    expected = {
        ("public.visit", "city", "zip"): (["ndistinct", "dependencies"], "sampled"),
        ("public.visit", "city", "area"): (["mcv"], "sampled"),
        ("public.visit", "date_trunc('month', at)"): (["expression"], "sampled"),
        ("public.device", "serial"): (["n_distinct"], "counted"),
        ("public.stale", "state"): (["analyze"], "sampled"),
        ("public.word", "w"): (["target"], "sampled"),
        (ODD, "A'b", 'c "\n; d'): (["dependencies"], "sampled"),
    }
    assert told == expected
    vain = {one["sql"]: one["reason"] for one in rejected if "STATISTICS" in one["sql"]}
    assert vain.keys() == {
        "CREATE STATISTICS public.visit_id_at_stats ON id, at FROM public.visit",  # there is no common combination
        "CREATE STATISTICS public.half_seq_at_stats ON seq, at FROM public.half",  # the common one was not asked for
    }
    assert all(reason.startswith("tried with a sample of ") for reason in vain.values())

    for one in found:
        for seen in one["statements"]:
            assert nearness(seen["rows_with"], seen["rows_actual"]) < 1.5, one
    (counted,) = [one for one in found if one["kinds"] == ["n_distinct"]]
    assert counted["why"].endswith("A value that was set before is lost with it, also when it is undone.")
    before = {name: estimate(pg, text) for name, text in statements.items()}
    script = (tmp_path / "x.sql").read_text(encoding="utf-8")
    assert "'User" not in script
    (tmp_path / "run.sql").write_text("\\set ON_ERROR_STOP on\n" + script, encoding="utf-8")
    for _ in range(2):  # it may be run again
        done = psql(pg.dsn, tmp_path / "run.sql")
        assert done.returncode == 0, done.stderr
    after = {name: estimate(pg, text) for name, text in statements.items()}
    for name in ("filter", "reversed", "group", "stale", "distinct", "word", "month"):
        assert nearness(before[name], ROWS[name]) > 10, name
        assert nearness(after[name], ROWS[name]) < 2, name
    assert advice_of(pg, tmp_path, statements)[0] == []

    for one in found:
        for undo in reversed(one["rollback_steps"]):
            if undo is not None:
                pg.execute(undo)
    assert pg.fetch("select 1 from pg_statistic_ext") == []
    assert pg.fetch("select 1 from pg_attribute where attoptions is not null or attstattarget > 0") == []

    # where the rows may not be looked at, it is said that nothing was tried
    pg.execute("analyze")
    pg.execute("alter table visit enable row level security; create policy all_ on visit using (true)")
    ((one,), _) = advice_of(pg, tmp_path / "again", {"filter": STATEMENTS["filter"]})
    assert (one["status"], one["kinds"]) == ("unverified", ["dependencies", "mcv"])
    assert one["reason"] == "no sample was read: it has row security, or is no table"
    assert one["statements"][0]["rows_with"] is None

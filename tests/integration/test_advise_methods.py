"""Indexes that are no btree: chosen where they win, then really built, and really used in the way they are advised."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import pgtune

pytestmark = [pytest.mark.pg, pytest.mark.majors(17)]
LOAD = """
    create extension pg_trgm;
    create table place (id int primary key, loc point, area box, spot circle, shape polygon, ip inet, net cidr,
                        name text, pad text);
    insert into place
    select i, point(x, y), box(point(x, y), point(x + 0.5, y + 0.5)), circle(point(x, y), 0.5),
           polygon(box(point(x, y), point(x + 0.5, y + 0.5))), '10.0.0.0'::inet + i * 7,
           set_masklen(('10.0.0.0'::inet + i * 256)::cidr, 24),
           translate(substr(md5(i::text), 1, 9), '0123456789', 'nopqrstuvw'),
           repeat('x', 60)
    from (select i, i * 79 % 1000 as x, i * 113 % 997 as y from generate_series(1, 30000) i) as made;
    create table event (id int, at timestamptz, pad text) with (fillfactor = 20);
    insert into event select i, '2024-01-01'::timestamptz + least(i, 94999) * interval '33 s', repeat('x', 200)
    from generate_series(1, 95000) i;
    create table page (id int, url text, pad text);
    insert into page select i, repeat(md5(i::text), 6), repeat('y', 60) from generate_series(1, 30000) i;
    set max_parallel_workers_per_gather = 0;
"""
WORKLOAD = {
    "nearest point": "select id from place order by loc <-> point '(500,500)' limit 5",
    "nearest to a circle": "select id from place order by spot <-> point '(3,4)' limit 5",
    "nearest polygon": "select id from place order by shape <-> point '(3,4)' limit 5",
    "nearest name": "select id from place order by name <-> 'cratcrtis' limit 5",
    "overlapping": "select id from place where area && box '((5,5),(6,6))'",
    "points within": "select id from place where loc <@ box '((5,5),(9,9))'",
    "addresses within": "select id from place where ip <<= '10.0.9.0/26'",
    "networks around": "select id from place where net >>= '10.0.9.7'",
    "similar": "select id from place where name % 'cratcrtis'",
    "a minute": "select * from event where at >= '2024-01-09 10:00+00' and at < '2024-01-09 10:10+00'",
    "a page": "select id from page where url = 'x'",
}
WANTED = {
    ("place", "loc", "spgist"), ("place", "spot", "gist"), ("place", "shape", "gist"), ("place", "name", "gin"),
    ("place", "area", "gist"), ("place", "ip", "btree"), ("place", "net", "gist"), ("event", "at", "btree"),
    ("page", "url", "hash"),
}  # fmt: skip
NEAREST = ("loc", "spot", "shape")
UNSURE = "nearest name"
"""nine letters at random lie far from each other: a search by distance may see most of them"""


def advised(dsn: str, folder: Path, *options: str) -> Any:
    done = pgtune("indexes", dsn, "--workload", str(folder), "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def scans(node: Any) -> list[Any]:
    return [node, *(each for child in node.get("Plans", ()) for each in scans(child))]


def test_each_method_is_chosen_where_it_wins_and_is_used_once_it_is_built(pg: Any, tmp_path: Path) -> None:
    pg.execute(LOAD)
    pg.execute("vacuum (analyze)")
    for name, text in WORKLOAD.items():
        (tmp_path / f"{name}.sql").write_text(f"-- pgtune: calls=1000\n{text}\n")
    advice = advised(pg.dsn, tmp_path, "--unique")
    found = {
        (one["definition"]["table"]["name"], one["columns"][0], one["definition"]["method"]): one
        for one in advice["chosen"]
    }
    assert found.keys() == WANTED
    assert {len(one["columns"]) for one in advice["chosen"]} == {1}
    served = {each["fingerprint"] for one in advice["chosen"] for each in one["statements"]}
    assert len(served) == len(WORKLOAD) - 1
    (possible,) = advice["possible"]
    assert "USING gist (name " in possible["sql"]
    assert "distance of texts" in possible["reason"]

    # addresses were counted once each; of the times one is there twice, which statistics do not tell
    unique, plain = found["place", "ip", "btree"], found["event", "at", "btree"]
    assert unique["sql"] == "CREATE UNIQUE INDEX CONCURRENTLY place_ip_key ON public.place (ip)"
    assert unique["evidence"]["unique"]["proof"] == "rows"
    assert "also a rule for what is written" in unique["why"]
    assert plain["sql"].startswith("CREATE INDEX CONCURRENTLY event_at_idx ")
    assert plain["why"].endswith("Its keys are not unique: one occurs twice.")

    # a btree of the append-only table takes 2 MB: with less there is room for BRIN alone
    (tmp_path / "small").mkdir()
    (tmp_path / "a minute.sql").rename(tmp_path / "small" / "a minute.sql")
    (small,) = advised(pg.dsn, tmp_path / "small", "--budget", "300kB")["chosen"]
    assert (small["columns"], small["definition"]["method"]) == (["at"], "brin")

    before = plans(pg)
    for one in (*(one for key, one in found.items() if key[0] != "event"), small):
        for step in one["steps"]:
            pg.execute(step)
    after = plans(pg)
    names = {one["name"] for one in (*advice["chosen"], small)}
    for name in WORKLOAD.keys() - {UNSURE}:
        assert names & {node.get("Index Name") for node in scans(after[name])}, (name, after[name])
        assert blocks(after[name]) < blocks(before[name]) / 2, name
    ordered = [node for plan in after.values() for node in scans(plan) if "Order By" in node]
    assert len(ordered) == len(NEAREST)


def plans(pg: Any) -> dict[str, Any]:
    return {name: json.loads(pg.fetch(f"explain (analyze, buffers, format json) {text}")[0][0])[0]["Plan"]
            for name, text in WORKLOAD.items()}  # fmt: skip


def blocks(plan: Any) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

"""Which indexes of a real database are advised to drop, and that each is kept by what protects it alone."""

import json
from pathlib import Path

import msgspec
import pytest
from support.collecting import read
from support.command import pgtune
from support.database import Database

from pgtune_cli.advise.drops import droppable
from pgtune_cli.advise.facts import Facts
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.model.snapshot import Snapshot

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]

SCHEMA = """
create extension btree_gist;
create table parent (id int primary key);
create table t (id int primary key, a int not null, b int, c int not null, d int, e int, v int,
    p int references parent);
insert into t (id, a, b, c, d, e, v) select i, i % 100, i, i, i, i, i from generate_series(1, 20000) as i;
create index dup_old on t (a, d);
create index dup_new on t (a, d);
create index narrow on t (e);
create index wide on t (e, v);
create index idle on t (v);
create index broken on t (d);
update pg_index set indisvalid = false where indexrelid = 'broken'::regclass;
-- protected, each by one thing: all of them are as idle
create index of_parent on t (p);
create unique index identity on t (c);
alter table t replica identity using index identity;
create index sorted on t (b, a);
alter table t cluster on sorted;
alter table t add constraint apart exclude using gist (v with =);
alter table t add constraint one_b unique (b);
create table part (id int, at int) partition by range (at);
create table part_1 partition of part for values from (0) to (100000);
insert into part select i, i from generate_series(1, 20000) as i;
create index part_id on part (id);
"""
BROKEN = "it is INVALID, left behind by a CREATE INDEX CONCURRENTLY that failed (make sure that none is running)"
IDLE = "it was not scanned once in 90 days of statistics; replicas have counters of their own"


def dropped(snapshot: Snapshot, days: float = 90.0, **scans: int) -> dict[str, str]:
    counted = [
        msgspec.structs.replace(one, idx_scan=scans.get(one.index.name, one.idx_scan)) for one in snapshot.usage.indexes
    ]
    usage = msgspec.structs.replace(snapshot.usage, days=days, indexes=tuple(counted))
    facts = Facts(msgspec.structs.replace(snapshot, usage=usage))
    return {drop.index.name: drop.reason for drop in droppable(facts, frozenset[CandidateIndex]())}


def test_each_index_that_is_kept_has_its_reason(pg: Database) -> None:
    pg.execute(SCHEMA)
    pg.execute("vacuum analyze")
    found = dropped(read(pg.dsn), dup_old=5, wide=5)
    assert found == {
        "broken": BROKEN,
        "dup_new": "it is a duplicate of dup_old",
        "narrow": IDLE,
        "idle": IDLE,
    }
    assert dropped(read(pg.dsn), dup_old=5, wide=5, narrow=9, idle=1) == {
        "broken": BROKEN,
        "dup_new": found["dup_new"],
        "narrow": "its keys are the first keys of wide, which answers the same questions",
    }
    assert dropped(read(pg.dsn), days=13.0) == {
        "broken": BROKEN,
        "dup_new": found["dup_new"],
        "narrow": "its keys are the first keys of wide, which answers the same questions",
    }

    # without what protects it, each goes
    pg.execute("alter table t drop constraint t_p_fkey, replica identity default, set without cluster")
    freed = dropped(read(pg.dsn), dup_old=5, wide=5)
    assert {name: freed[name] for name in freed.keys() - found.keys()} == {"of_parent": IDLE, "sorted": IDLE}
    pg.execute("drop index identity; create index identity on t (c)")
    pg.execute("alter table t drop constraint apart, drop constraint one_b; create index one_b on t (b)")
    pg.execute("create index apart on t using gist (v)")
    freed = dropped(read(pg.dsn), dup_old=5, wide=5, sorted=1)
    assert {name: freed[name] for name in freed.keys() - found.keys()} == {
        "of_parent": IDLE, "identity": IDLE, "one_b": IDLE, "apart": IDLE,
    }  # fmt: skip
    assert RelationName("public", "part_1_id_idx") in {one.index_name for one in read(pg.dsn).catalog.indexes}
    assert "part_1_id_idx" not in freed


@pytest.mark.majors(18)
def test_two_indexes_are_replaced_by_one_that_the_planner_really_uses(pg: Database, tmp_path: Path) -> None:
    pg.execute("create table sale (id int primary key, shop int, day int, item int, note text)")
    pg.execute("insert into sale select i, i % 20000, i, i * 7, repeat('n', 60) from generate_series(1, 200000) as i")
    pg.execute("create index by_day on sale (shop, day); create index by_item on sale (shop, item)")
    pg.execute("vacuum analyze")
    texts = [f"SELECT note FROM sale WHERE shop = 7 AND {column} = 140007" for column in ("day", "item")]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.sql").write_text(text + ";")
        pg.fetch(text)
    done = pgtune("indexes", pg.dsn, "--workload", str(tmp_path), "--format", "json", "-q")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    (index,) = advice["chosen"]
    assert sorted(one["sql"] for one in advice["dropped"]) == [
        "DROP INDEX CONCURRENTLY public.by_day", "DROP INDEX CONCURRENTLY public.by_item",
    ]  # fmt: skip
    before = [cost(pg, text) for text in texts]
    for sql in (index["sql"], *(one["sql"] for one in advice["dropped"])):
        pg.execute(sql)
    pg.execute("vacuum sale")
    assert [cost(pg, text)[0] for text in texts] == [index["name"]] * 2
    assert all(cost(pg, text)[1] <= old[1] * 1.05 + 1 for text, old in zip(texts, before, strict=True))


def cost(pg: Database, text: str) -> tuple[str, float]:
    plan = json.loads(pg.fetch(f"explain (format json) {text}")[0][0])[0]["Plan"]
    return plan.get("Index Name"), plan["Total Cost"]

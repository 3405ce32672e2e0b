"""The script of the advice, run by psql on real servers: again, after an interruption, with odd names; and undone."""

import subprocess
from pathlib import Path

import msgspec
import pytest
from support.collecting import read
from support.database import Database
from support.psql import psql

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.steps import Names
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex, ChosenIndex, DroppedIndex, IndexAdvice
from pgtune_cli.report.index_sql import index_script

pytestmark = [pytest.mark.pg, pytest.mark.majors(13, 18)]

ODD = 'Täble "q"; \\ \'$pgtune$ 😀\n' + "x" * 20
SCHEMA = f"""
create table plain (id int, mail text);
insert into plain select i, 'Mail' || i from generate_series(1, 1000) as i;
create index plain_old on plain (mail);
create schema "odd :schema";
create table "odd :schema"."{ODD.replace('"', '""')}" ("key :a" int, b text);
create table log (id int, at int, v text) partition by range (at);
create table log_1 partition of log for values from (0) to (10);
create table log_2 partition of log for values from (10) to (20) partition by range (id);
create table log_2_x partition of log_2 for values from (0) to (10);
create table log_2_y partition of log_2 default;
insert into log select i % 30, i % 20, 'v' from generate_series(1, 500) as i;
create foreign data wrapper none;
create server nowhere foreign data wrapper none;
create table far (id int, at int) partition by range (at);
create table far_1 partition of far for values from (0) to (10);
create table far_2 partition of far for values from (10) to (20) partition by range (id);
create table far_2_x partition of far_2 default;
create foreign table far_3 partition of far for values from (20) to (30) server nowhere;
"""


def column(name: str) -> IndexKey:
    return IndexKey(column=name)


LOWER = IndexKey(expression="lower(mail)")
WANTED = (
    CandidateIndex(table=RelationName("public", "plain"), keys=(LOWER, column("id")), predicate="mail LIKE '%:x\\%'"),
    CandidateIndex(table=RelationName("odd :schema", ODD), keys=(column("key :a"),), include=("b",)),
    CandidateIndex(table=RelationName("public", "log"), keys=(column("id"), IndexKey(expression="lower(v)"))),
    CandidateIndex(table=RelationName("public", "far"), keys=(column("id"),)),
)
INDEXES = """
select indexrelid::regclass::text as name, indisvalid as valid, inhparent::regclass::text as parent
from pg_index join pg_class c on c.oid = indexrelid left join pg_inherits on inhrelid = indexrelid
where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace) and relname <> 'plain_old'
order by 1
"""


def advice_for(pg: Database, dropping: bool = False) -> IndexAdvice:
    facts = Facts(read(pg.dsn))
    names = Names(facts)
    chosen = []
    for candidate in WANTED:
        made = script(candidate, names, facts)
        chosen.append(
            ChosenIndex(
                sql=made.sql, steps=tuple(step.sql for step in made.steps), rollback_sql=made.rollback_sql,
                rollback_steps=tuple(step.rollback_sql for step in made.steps), name=made.name, leaves=made.leaves,
                relation=str(candidate.table), columns=(), size_bytes=8192, benefit=1.0, write_cost=0.0, evidence={},
                statements=(), confidence="high", why="It was asked for.", definition=candidate,
            )
        )  # fmt: skip
    dropped = DroppedIndex(
        "DROP INDEX CONCURRENTLY public.plain_old",
        "CREATE INDEX CONCURRENTLY plain_old ON public.plain USING btree (mail)", "It is not used.", "public.plain",
    )  # fmt: skip
    return IndexAdvice(engine="clone", chosen=tuple(chosen), dropped=(dropped,) if dropping else ())


def indexes(pg: Database) -> dict[str, tuple[bool, str | None]]:
    return {row["name"]: (row["valid"], row["parent"]) for row in pg.fetch(INDEXES)}


def run(pg: Database, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "indexes.sql"
    file.write_text(text, encoding="utf-8")
    return psql(pg.dsn, file)


def test_the_script_builds_everything_and_may_be_run_again(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg, dropping=True)
    text = index_script(advice)
    first = run(pg, text, tmp_path)
    assert first.returncode == 0, first.stderr
    built = indexes(pg)
    assert all(valid for valid, _ in built.values()), built
    assert len(built) == 1 + 1 + 5 + 4
    assert built["log_2_x_id_lower_v_idx"] == (True, "log_2_id_lower_v_idx")
    assert built["log_2_id_lower_v_idx"] == (True, "log_id_lower_v_idx")
    assert built["far_2_id_idx"] == (True, "far_id_idx")
    assert pg.fetch("select 1 from pg_stats where tablename = 'plain_lower_mail_id_partial_idx'") == []  # no such rows
    assert pg.fetch("select 1 from pg_stats where tablename = 'log_1_id_lower_v_idx'")
    assert pg.fetch("select to_regclass('plain_old') is null as gone")[0]["gone"]

    again = run(pg, text, tmp_path)
    assert again.returncode == 0, again.stderr
    assert indexes(pg) == built

    for chosen in reversed(advice.chosen):
        for undo in reversed(chosen.rollback_steps):
            if undo is not None:
                pg.execute(undo)
    assert indexes(pg) == {}


def test_what_an_interruption_left_behind_is_built_again(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg)
    # as CREATE INDEX CONCURRENTLY leaves it: there, and not valid
    for chosen in advice.chosen:
        for step in chosen.steps:
            if step.startswith("CREATE"):
                pg.execute(step)
    left = [leaf for chosen in advice.chosen for leaf in chosen.leaves]
    for leaf in left:
        pg.execute("update pg_index set indisvalid = false where indexrelid = to_regclass($1)", leaf)

    for chosen in advice.chosen:
        check = next(step for step in chosen.steps if step.startswith("DO "))
        with pytest.raises(Exception, match="is INVALID or missing"):
            pg.execute(check)
    done = run(pg, index_script(advice), tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(valid for valid, _ in indexes(pg).values())


def test_a_partition_that_nobody_told_of_is_named_as_the_reason(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    advice = advice_for(pg)
    pg.execute("create table log_3 partition of log for values from (20) to (30)")
    done = run(pg, index_script(advice), tmp_path)
    assert done.returncode == 3
    assert "index public.log_id_lower_v_idx is INVALID or missing" in done.stderr
    assert "A partition has no index that is attached to it" in done.stderr


def test_a_name_that_became_another_relations_stops_the_script(pg: Database, tmp_path: Path) -> None:
    pg.execute(SCHEMA)
    (first, *_) = advice_for(pg).chosen
    pg.execute(f"create sequence {first.name}")
    done = run(pg, index_script(msgspec.structs.replace(IndexAdvice(engine="clone"), chosen=(first,))), tmp_path)
    assert done.returncode == 3
    assert "is INVALID or missing" in done.stderr

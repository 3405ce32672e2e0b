"""A database with a plain, an odd and two partitioned tables, and the hand-over of an index for each."""

from support.collecting import read
from support.database import Database

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.steps import Names
from pgtune_cli.model.catalog import IndexKey, RelationName
from pgtune_cli.model.index import CandidateIndex, ChosenIndex, DroppedIndex, IndexAdvice

ODD = 'Täble "q"; \\ \'$pgtune$ 😀\n' + "x" * 20
SCHEMA = f"""
create table plain (id int, mail text);
insert into plain select i, 'Mail' || i from generate_series(1, 1000) as i;
create index plain_old on plain (lower(mail));
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
    CandidateIndex(table=RelationName("public", "plain"), keys=(column("id"),), unique=True),
)
INDEXES = """
select indexrelid::regclass::text as name, indisvalid as valid, inhparent::regclass::text as parent
from pg_index join pg_class c on c.oid = indexrelid left join pg_inherits on inhrelid = indexrelid
where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
    and relname !~ 'plain_old|alembic|django'
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
        "CREATE INDEX CONCURRENTLY plain_old ON public.plain USING btree (lower(mail))", "It is not used.",
        "public.plain", None,
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS plain_old ON public.plain USING btree (lower(mail))",
         "ANALYZE public.plain"),
    )  # fmt: skip
    return IndexAdvice(engine="clone", chosen=tuple(chosen), dropped=(dropped,) if dropping else ())


def indexes(pg: Database) -> dict[str, tuple[bool, str | None]]:
    return {row["name"]: (row["valid"], row["parent"]) for row in pg.fetch(INDEXES)}

"""Captures the statements that rules are tried with: `python tests/plans/capture_statements.py DSN [DSN …]`.

Each DSN is a superuser's connection to a scratch server with pg_stat_statements; a database `pgtune_rule_statements` is
made there, a library's workload of faults and of their healthy counterparts is run in it, and what pgtune reads of it
becomes `rule_statements.pg<major>.pgtune`. Cases look at a statement by a part of its text. Only 18 has the plans that
were executed with it; older servers, which keep long lists in their texts, stand for what is known without a plan.
"""

import asyncio
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.collect.snapshot_file import save
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.sql.statements import statements

HERE = Path(__file__).resolve().parent
DATABASE = "pgtune_rule_statements"
PLANNED = 18
SCHEMA = """
create extension pg_stat_statements;
create table reader (id bigint primary key, mail text not null, name text not null, city text, note text);
create table book (id bigint primary key, isbn bigint not null, title text not null, body text not null,
  tags jsonb not null, state text not null, shelf int not null, added_at timestamptz not null);
create table loan (id bigint primary key, reader_id bigint references reader, book_id bigint references book,
  state text not null, due date not null, fine int not null);
create table import (id bigint generated always as identity primary key, at timestamptz not null default now());
create table import_line (import_id bigint not null references import, line text not null);
create table wish (reader_id bigint, book_id bigint);
create table counter (id bigint primary key, label text not null, hits int not null) with (fillfactor = 50);
insert into reader select i, 'reader'||i||'@library.example', 'Reader '||i, 'City '||i % 25, 'Z'||i % 25
  from generate_series(1, 20000) i;
insert into book select i, 9000000 + i, 'Title '||i,
  (select string_agg(md5(i::text || n), '') from generate_series(1, 40) n),
  jsonb_build_object('topic', 't'||i % 4000), case when i % 300 = 0 then 'lost' else 'there' end, i % 40,
  timestamptz '2025-01-01' + i * interval '9 minutes' from generate_series(1, 30000) i;
insert into loan select i, 1 + i % 20000, 1 + (i * 7) % 30000, case when i % 500 = 0 then 'late' else 'back' end,
  date '2026-01-01' + i % 300, i % 9 from generate_series(1, 90000) i;
insert into wish select 1 + i % 900, case when i % 50 = 0 then null else i end from generate_series(1, 12000) i;
insert into counter select i, 'label '||i, 0 from generate_series(1, 500) i;
create index book_isbn_idx on book (isbn);
create index book_added_idx on book (added_at, id);
create index loan_reader_idx on loan (reader_id);
create index loan_book_idx on loan (book_id);
create index counter_label_idx on counter (label);
vacuum analyze;
select pg_stat_statements_reset()
"""


def same(*values: Any) -> Any:
    return lambda call: values


WORK: tuple[tuple[str, int, Any], ...] = (
    ("select id, title from book order by added_at, id limit 20 offset $1", 30, lambda n: (25000 + n,)),
    ("select id, title from book where (added_at, id) > ($1, $2) order by added_at, id limit 20", 30,
     lambda n: ("2025-03-01", n)),
    ("select id, title from book order by shelf limit 20 offset $1", 20, lambda n: (20 * (n % 3),)),
    ("select id from reader where lower(mail) = $1", 30, lambda n: (f"reader{n}@library.example",)),
    ("select id from reader where id = $1 and lower(mail) = $2", 30, lambda n: (n, "x")),
    ("select id from book where title like $1", 30, lambda n: (f"%{n}77%",)),
    ("select id from book where tags @> $1", 30, lambda n: (f'{{"topic": "t{n}"}}',)),
    ("select id, tags from book where id = $1 and tags @> $2", 30, lambda n: (n, "{}")),
    ("select id, reader_id from loan where due > $1 order by id limit 50", 40, same("2026-03-01")),
    ("select id, name, mail from reader where id = $1", 2000, lambda n: (n % 300 + 1,)),
    ("select id, label from counter where id = $1", 2000, lambda n: (n % 300 + 1,)),
    ("select b.id from book b where b.id not in (select w.book_id from wish w)", 3, same()),
    ("select b.id from book b where b.id not in (select l.id from loan l where l.id < 50)", 3, same()),
    ("select count(*) > $1 from loan where state = $2", 40, same(0, "late")),
    ("select count(*) from loan where reader_id = $1", 40, lambda n: (n + 1,)),
    ("select * from book where shelf = $1 order by id limit 50", 20, same(7)),
    ("select * from reader where city = $1 order by id limit 50", 20, same("City 7")),
    ("select id from loan where state = $1 order by due, id limit 5 for update skip locked", 20, same("late")),
    ("select id from loan where reader_id = $1 order by id limit 5 for update skip locked", 20, same(77)),
    ("select id, body from book order by body, id", 3, same()),
    ("select id, title from book offset $1 limit 30", 20, lambda n: (n,)),
    ("select id, name from reader where city = $1 limit 3", 20, same("City 8")),
    ("select id from reader where city = $1 and note = $2", 20, same("City 7", "Z7")),
    ("select name from reader where id = $1 limit 1", 20, same(8)),
    ("select l.id from loan l join book b on b.id = l.book_id where l.state = $1 or b.state = $2", 20,
     same("late", "lost")),
    ("select l.id from loan l join book b on b.id = l.book_id where l.reader_id = $1 and "
     "(b.shelf = $2 or b.shelf = $3)", 20, same(5, 1, 2)),
    ("select distinct r.id, r.name from reader r join loan l on l.reader_id = r.id where l.fine > $1", 10, same(3)),
    ("select distinct l.fine from loan l join reader r on r.id = l.reader_id where l.due > $1", 10, same("2026-05-01")),
    ("select id, $2 as kind from loan where state = $1 union select id, $3 from book where shelf = $4", 10,
     same("late", "loan", "book", 3)),
    ("select id from loan where state = $1 union all select id from book where shelf = $2", 10, same("late", 3)),
    ("select count(*) from reader r, counter c where c.hits >= $1", 3, same(0)),
    ("select count(*) from reader r, counter c where c.id = r.id and c.hits >= $1", 3, same(0)),
    ("select count(*) from reader r cross join counter c where c.hits > $1", 3, same(5)),
    ("update loan set fine = fine + 1 from reader r where loan.id = r.id and (select count(*) from loan o where "
     "o.reader_id = r.id and o.state = $1) > $2", 2, same("back", 2)),
    ("select id from book where id in (" + ", ".join(f"${n}" for n in range(1, 602)) + ")", 3,
     same(*range(1, 602))),
    ("select id from book where id = any ($1)", 3, same(list(range(1, 602)))),
    *((f"select name from reader where id in ({', '.join(f'${n}' for n in range(1, size + 1))})", 1,
       same(*range(1, size + 1))) for size in range(1, 61)),
    ("select id, reader_id, book_id from loan where fine >= $1", 30, same(1)),
    ("select id, fine from loan where reader_id = $1", 30, same(12)),
    ("select id, title from book order by random() limit 3", 10, same()),
    ("select id from counter order by random() limit 3", 10, same()),
    ("insert into import default values returning id", 120, same()),
    ("insert into import_line (import_id, line) values ($1, $2)", 1300, lambda n: (1 + n % 100, f"line {n}")),
    ("insert into counter (id, label, hits) values ($1, $2, $3)", 1300, lambda n: (1000 + n, "new", 0)),
    ("select $1::int", 10500, same(1)),
    ("select now()", 20, same()),
    ("update loan set fine = fine + $1 where id <= $2", 2, same(1, 60000)),
    ("update loan set fine = $1 where id = $2", 30, lambda n: (1, n)),
    ("update counter set label = $2, hits = $3 where id = $1", 1500,
     lambda n: (n % 500 + 1, f"label {n % 500 + 1}", n)),
    ("insert into wish select id, shelf from book order by body, id limit $1", 1, same(30000)),
    ("select id from book where isbn = $1::numeric", 20, lambda n: (9000001 + n,)),
    ("select id from book where isbn = $1::bigint", 20, lambda n: (9000001 + n,)),
    ("select r.id, (select count(*) from loan l where l.reader_id = r.id) as loans from reader r where r.id <= $1", 5,
     same(5000)),
    ("select r.id, (select count(*) from loan l where l.reader_id = r.id) as loans from reader r where r.id = $1", 20,
     lambda n: (n + 1,)),
    ("update reader set mail = $2 where id = $1", 1500, lambda n: (n + 1, f"new{n}@library.example")),
)  # fmt: skip


async def main(dsns: list[str]) -> None:
    for dsn in dsns:
        admin = await asyncpg.connect(dsn, statement_cache_size=0)
        await admin.execute(f"drop database if exists {DATABASE} with (force)")
        await admin.execute(f"create database {DATABASE}")
        await admin.execute(f"alter database {DATABASE} set work_mem = '1MB'")
        try:
            await work(dsn)
            await capture(dsn.replace("/postgres?", f"/{DATABASE}?"))
        finally:
            await admin.execute(f"drop database {DATABASE} with (force)")
            await admin.close()


async def work(dsn: str) -> None:
    session = await asyncpg.connect(dsn, database=DATABASE, statement_cache_size=0)
    for statement in SCHEMA.split(";\n"):
        await session.execute(statement)
    for text, calls, arguments in WORK:
        prepared = await session.prepare(text)
        kinds = [parameter.name for parameter in prepared.get_parameters()]
        for call in range(calls):
            await prepared.fetch(*(typed(value, kind) for value, kind in zip(arguments(call), kinds, strict=True)))
    await session.execute(
        "select pg_stat_force_next_flush()" if session.get_server_version().major >= 15 else "select 1"
    )
    await session.close()


def typed(value: Any, kind: str) -> Any:
    if kind == "numeric":
        return Decimal(value)
    if kind == "timestamptz":
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return date.fromisoformat(value) if kind == "date" else value


async def capture(dsn: str) -> None:
    reader = await connect(dsn)
    try:
        snapshot = await collect(reader)
        found = statements(snapshot)
        major = snapshot.server.version_num // 10_000
        plans = await explain_statements(reader, snapshot, found, ExplainOptions()) if major == PLANNED else {}
    finally:
        await reader.close()
    save(msgspec.structs.replace(snapshot, plans=tuple(plans.values())), HERE / f"rule_statements.pg{major}.pgtune")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""An unhealthy help desk on a real server: its planted faults are found by their rules, nothing healthy is accused,
and the SQL that is suggested runs.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from support.database import Database

from pgtune_cli.collect.collector import collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.explain.runner import ExplainOptions, explain_statements
from pgtune_cli.lint.engine import evaluate
from pgtune_cli.lint.loader import load_rules
from pgtune_cli.model.analysis import Analysis
from pgtune_cli.model.finding import Finding, Severity
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.sql.fingerprint import fingerprint
from pgtune_cli.sql.statements import statements

pytestmark = pytest.mark.pg

SCHEMA = """
create extension pg_stat_statements;
create table agent (id int generated always as identity primary key, mail text not null unique, team text not null);
create table ticket (
    id bigint generated always as identity primary key, number bigint not null unique, agent_id int references agent,
    state text not null, subject text not null, body text not null, city text not null, zip text not null,
    score int not null, opened_at timestamptz not null);
create table message (
    id bigint generated always as identity primary key, ticket_id bigint not null references ticket on delete cascade,
    author text not null, meta jsonb not null, sent_at timestamptz not null);
create table label (ticket_id bigint not null references ticket on delete cascade, name text not null,
    primary key (ticket_id, name));
create table journal (at timestamptz not null, what text not null) with (autovacuum_enabled = false);
create table import (id bigint, line text) with (autovacuum_enabled = false);
create table holiday (day date primary key, name text);
create table visit (id bigint not null, ticket_id bigint not null, at date not null, page text not null)
    partition by range (at);
create table visit_2025 partition of visit for values from ('2025-01-01') to ('2026-01-01');
create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
create table visit_rest partition of visit default;
create table counter (id serial primary key, name text not null);
create sequence voucher maxvalue 1000;
create unlogged table draft (id int primary key, body text not null);
create table phone (id int primary key, agent_id bigint not null references agent, code char(12) not null);
create table reading (at timestamp primary key, value int not null);
create table session (id int primary key, seen_at timestamptz not null, data text not null)
    with (autovacuum_enabled = false);
"""
DATA = """
insert into agent (mail, team) select 'agent'||i||'@desk.example', 'team '||i % 5 from generate_series(1, 300) i;
insert into ticket (number, agent_id, state, subject, body, city, zip, score, opened_at)
  select 7000000 + i, nullif(1 + i % 330, 330) % 300 + 1,
         case when i % 400 = 0 then 'new' when i % 7 = 0 then 'open' else 'closed' end, 'Subject '||i,
         (select string_agg(md5(i::text || n), '') from generate_series(1, 40) n), 'City '||i % 40, 'Z'||i % 40, i % 9,
         timestamptz '2025-01-01' + i * interval '7 minutes' from generate_series(1, 30000) i;
insert into message (ticket_id, author, meta, sent_at)
  select 1 + (i * 7) % 30000, 'author '||i % 900, jsonb_build_object('client', 'c'||i % 5000, 'size', i),
         timestamptz '2025-01-01' + i * interval '2 minutes' from generate_series(1, 60000) i;
insert into label select i, 'label '||i % 12 from generate_series(1, 30000) i;
insert into holiday values ('2025-01-01', 'New Year'), ('2025-12-25', 'Christmas');
insert into journal select timestamptz '2025-01-01' + i * interval '1 minute', 'on' from generate_series(1, 3000) i;
create index ticket_opened_at_idx on ticket (opened_at, id);
create index ticket_agent_id_idx on ticket (agent_id, opened_at);
create index ticket_agent_idx on ticket (agent_id);
create index ticket_state_idx on ticket (state);
create index message_author_idx on message (author);
create index message_author_again on message (author);
create index message_sent_at_idx on message (sent_at);
insert into visit select i, i % 30000, date '2025-01-01' + i % 1000, 'page '||i % 50 from generate_series(1, 60000) i;
create index visit_ticket_idx on visit (ticket_id);
create index visit_ticket_again on visit (ticket_id);
create index visit_id_idx on visit (id);
create index visit_id_at_idx on visit (id, at);
create index visit_page_idx on only visit (page);
create index visit_2025_page_idx on visit_2025 (page);
alter index visit_page_idx attach partition visit_2025_page_idx;
insert into counter (id, name) values (2000000000, 'last');
select setval('counter_id_seq', 2000000000);
insert into counter (name) select 'counter '||i from generate_series(1, 1500) i;
select setval('voucher', 900);
insert into draft select i, 'draft' from generate_series(1, 2000) i;
insert into phone select i, 1 + i % 300, 'c'||i from generate_series(1, 2000) i;
insert into reading select timestamp '2025-01-01' + i * interval '1 minute', i from generate_series(1, 2000) i;
insert into session select i, timestamptz '2025-01-01' + i * interval '1 minute', repeat('s', 300)
  from generate_series(1, 30000) i;
vacuum analyze;
analyze visit;
delete from session where id % 5 < 3;
insert into journal select timestamptz '2025-02-01' + i * interval '1 minute', 'off' from generate_series(1, 15000) i;
insert into import select i, 'line '||i from generate_series(1, 5000) i;
"""
HEALTHY: Sequence[tuple[str, int, Any]] = (
    ("select id, subject, state from ticket where id = $1", 300, lambda n: (n + 1,)),
    ("select id, subject from ticket where number = $1::bigint", 120, lambda n: (7000001 + n,)),
    ("select * from ticket where id = $1", 60, lambda n: (n + 5,)),
    ("select id, team from agent where mail = $1", 80, lambda n: (f"agent{n + 1}@desk.example",)),
    ("select id, subject from ticket order by opened_at desc, id desc limit 20", 40, lambda n: ()),
    (
        "select id, subject from ticket where (opened_at, id) < ($1, $2) order by opened_at desc, id desc limit 20",
        40,
        lambda n: ("2025-03-01", 20000 - n),
    ),
    ("select name from label where ticket_id = $1", 200, lambda n: (n + 1,)),
    ("select count(*) from ticket where agent_id = $1", 50, lambda n: (n % 300 + 1,)),
    ("select exists (select 1 from label where ticket_id = $1)", 50, lambda n: (n + 1,)),
    ("select * from holiday where name = $1", 50, lambda n: ("Christmas",)),
    ("select state, count(*) from ticket group by state order by state", 3, lambda n: ()),
    ("update ticket set score = score + 1 where id = $1", 50, lambda n: (n + 1,)),
    ("select a.id from agent a where a.id not in (select t.id from ticket t where t.number = $1)", 5, lambda n: (n,)),
    ("select m.id from message m where m.sent_at >= $1 and m.sent_at < $2", 20, lambda n: ("2025-01-02", "2025-01-03")),
)
FAULTS: dict[str, tuple[str, int, Any]] = {
    "messages": ("select id, author, sent_at from message where ticket_id = $1", 12, lambda n: (n + 1,)),
    "upper": ("select id, subject from ticket where upper(subject) = $1", 12, lambda n: (f"SUBJECT {n}",)),
    "list": ("select * from ticket where state = $1 order by id limit 50", 12, lambda n: ("open",)),
    "client": ("select id from message where meta @> $1", 12, lambda n: (f'{{"client": "c{n}"}}',)),
    "offset": ("select id, subject from ticket order by opened_at, id limit 20 offset $1", 12, lambda n: (25000 + n,)),
    "ties": ("select id, subject from ticket where state = $1 order by score limit 10 offset $2", 12,
             lambda n: ("closed", 10 * (n % 3))),
    "parent": ("select id, subject, agent_id from ticket where opened_at > $1 order by opened_at, id limit 50", 40,
               lambda n: ("2025-02-01",)),
    "child": ("select id, mail, team from agent where id = $1", 2000, lambda n: (n % 300 + 1,)),
    "without": ("select a.id from agent a where a.id not in (select t.agent_id from ticket t)", 5, lambda n: ()),
    "numeric": ("select id from ticket where number = $1::numeric", 12, lambda n: (7000001 + n,)),
    "like": ("select id from ticket where subject like $1", 12, lambda n: (f"%{n}77%",)),
    "count": ("select count(*) > $1 from ticket where state = $2", 12, lambda n: (0, "closed")),
    "sort": ("select id, body from ticket order by body, id", 2, lambda n: ()),
    "zip": ("select id, subject from ticket where city = 'City 7' and zip = 'Z7'", 15, lambda n: ()),
    "cross": ("select count(*) from draft d, phone p where d.id > $1 and p.id > $2", 1, lambda n: (n, n)),
    "random": ("select id from ticket order by random() limit 3", 2, lambda n: ()),
    "either": ("select t.id from ticket t join message m on m.ticket_id = t.id where t.subject = $1 or m.author = $2",
               2, lambda n: (f"Subject {n}", f"author {n}")),
    "fan_out": ("select distinct t.id, t.subject from ticket t join message m on m.ticket_id = t.id where t.score = 3",
                2, lambda n: ()),
    "any_ticket": ("select id, subject from ticket where score = $1 limit 20 offset $2", 12, lambda n: (n % 9, n)),
    "expire": ("delete from session where seen_at < $1", 8, lambda n: (f"2025-01-01T00:0{n}",)),
    "delete": ("delete from ticket where id = $1", 15, lambda n: (29000 + n,)),
}  # fmt: skip


WARNINGS: dict[str, set[str]] = {
    "APP006": {"expire"},
    "PLAN001": {"client", "like", "messages", "numeric", "upper", "zip"},
    "PLAN002": {"sort"},
    "PLAN003": set(),
    "PLAN009": {"numeric"},
    "PLAN011": {"zip"},
    "SCHEMA001": {"message_ticket_id_fkey"},
    "SCHEMA003": {"message_author_again", "visit_ticket_again"},
    "SCHEMA004": {"visit_id_idx"},
    "SCHEMA005": {"ticket_city_idx"},
    "SCHEMA006": {"journal", "session"},
    "SCHEMA007": {"import"},
    "SCHEMA012": {"id"},
    "SCHEMA013": {"voucher"},
    "SCHEMA015": {"session"},
    "SCHEMA028": {"visit"},
    "SCHEMA030": {"journal", "session"},
    "SCHEMA031": {"visit_page_idx"},
    "SQL001": {"offset"},
    "SQL002": {"ties"},
    "SQL003": {"upper"},
    "SQL005": {"client"},
    "SQL006": {"child"},
    "SQL007": {"without"},
    "SQL012": {"any_ticket"},
    "SQL014": {"either"},
    "SQL015": {"fan_out"},
    "SQL017": {"cross"},
    "SQL022": {"random"},
}


async def _load(pg: Database) -> None:
    session = await pg.connect()
    for statement in (SCHEMA + DATA).split(";\n"):
        if statement.strip():
            await session.execute(statement)
    with pytest.raises(Exception, match="could not create unique index"):
        await session.execute("create unique index concurrently ticket_city_idx on ticket (city)")
    await session.execute("set work_mem = '64kB'")
    await session.execute("select pg_stat_statements_reset()")
    await session.close()


async def _work(pg: Database) -> None:
    session = await pg.connect()
    await session.execute("set work_mem = '1MB'")
    for text, calls, arguments in (*HEALTHY, *FAULTS.values()):
        prepared = await session.prepare(text)
        types = [parameter.name for parameter in prepared.get_parameters()]
        for call in range(calls):
            await prepared.fetch(*(_typed(value, kind) for value, kind in zip(arguments(call), types, strict=True)))
    await session.close()


def _typed(value: Any, kind: str) -> Any:
    from datetime import UTC, datetime
    from decimal import Decimal

    if kind == "timestamptz":
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return Decimal(value) if kind == "numeric" else value


async def _analyse(pg: Database) -> Analysis:
    connection = await connect(pg.dsn)
    try:
        snapshot = await collect(connection)
        found = statements(snapshot)
        plans = await explain_statements(connection, snapshot, found, ExplainOptions())
    finally:
        await connection.close()
    return Analysis(snapshot=snapshot, statements=found, plans=plans)


Judged = tuple[tuple[Finding, ...], tuple[Skipped, ...]]
CACHE: dict[str, Judged] = {}


@pytest.fixture
def judged(pg_module: Database) -> Judged:
    """The findings and what was skipped; loaded, worked and analysed once for the file."""
    if pg_module.database not in CACHE:

        async def main() -> Analysis:
            await _load(pg_module)
            await _work(pg_module)
            return await _analyse(pg_module)

        pg_module.execute(f"alter database {pg_module.database} set work_mem = '1MB'")
        CACHE[pg_module.database] = evaluate(load_rules(), asyncio.run(main()))
    return CACHE[pg_module.database]


def of_statement(judged: Judged, name: str) -> set[tuple[str, bool]]:
    key = fingerprint(FAULTS[name][0])
    return {(finding.rule, finding.possible) for finding in judged[0] if key in finding.statements}


@pytest.mark.parametrize(
    ("name", "rule", "possible"),
    [
        ("messages", "SCHEMA001", False),
        ("messages", "PLAN001", False),
        ("upper", "SQL003", False),
        ("list", "SQL009", False),
        ("client", "SQL005", False),
        ("offset", "SQL001", False),
        ("ties", "SQL002", False),
        ("child", "SQL006", False),
        ("without", "SQL007", False),
        ("numeric", "PLAN009", False),
        ("like", "SQL004", True),
        ("count", "SQL008", True),
        ("sort", "PLAN002", False),
        ("zip", "PLAN011", False),
        ("ties", "SQL001", True),
    ],
)
def test_a_planted_fault_of_a_statement_is_found(judged: Judged, name: str, rule: str, possible: bool) -> None:
    assert (rule, possible) in of_statement(judged, name)


def test_a_dba_is_warned_of_all_this_and_of_nothing_else(judged: Judged) -> None:
    names = {fingerprint(text): name for name, (text, _, _) in FAULTS.items()}
    found: dict[str, set[str]] = {}
    for finding in judged[0]:
        if finding.severity.rank > Severity.INFO.rank:
            told = [names[key] for key in finding.statements] if not finding.rule.startswith("SCHEMA") else []
            places = told or [place.removeprefix("public.") for place in finding.evidence.get("places", [])]
            found.setdefault(finding.rule, set()).update(places or [str(finding.relation).removeprefix("public.")])
    found.setdefault("PLAN003", set()).discard(
        "zip"
    )  # only when the values chosen for the plan happen to belong together
    assert found == WARNINGS
    assert len(WARNINGS) >= 25


def test_of_what_is_no_fault_a_dba_is_told_as_a_note(judged: Judged) -> None:
    notes = [finding for finding in judged[0] if finding.severity is Severity.INFO]
    assert {(note.rule, note.relation) for note in notes if note.rule.startswith("SCHEMA")} == {
        ("SCHEMA008", "public.journal"),
        ("SCHEMA009", "public.phone"),
        ("SCHEMA021", "public.phone"),
        ("SCHEMA022", "public.reading"),
        ("SCHEMA029", "public.draft"),
    }


def test_no_healthy_statement_is_accused(judged: Judged) -> None:
    names = {fingerprint(text): text for text, _, _ in HEALTHY}
    accused = {(finding.rule, names[key]) for finding in judged[0] for key in finding.statements if key in names}
    assert accused == set()


def test_a_faulty_statement_is_accused_of_its_own_fault_alone(judged: Judged) -> None:
    found = {name: {rule for rule, _ in of_statement(judged, name)} for name in FAULTS}
    found["zip"].discard("PLAN003")  # found besides when the values chosen for the plan happen to belong together
    assert found == {
        "messages": {"SCHEMA001", "PLAN001"},
        "upper": {"SQL003", "PLAN001"},
        "list": {"SQL009"},
        "client": {"SQL005", "PLAN001"},
        "offset": {"SQL001"},
        "ties": {"SQL001", "SQL002"},
        "parent": set(),
        "child": {"SQL006"},
        "without": {"SQL007"},
        "numeric": {"PLAN009", "PLAN001"},
        "like": {"PLAN001", "SQL004"},
        "count": {"SQL008"},
        "sort": {"PLAN002"},
        "cross": {"SQL017"},
        "random": {"SQL022"},
        "either": {"SQL014"},
        "fan_out": {"SCHEMA001", "SQL015"},
        "any_ticket": {"SQL012"},
        "expire": {"APP006"},
        "zip": {"PLAN011", "PLAN001"},
        "delete": set(),
    }


def test_what_was_skipped_names_its_need(judged: Judged) -> None:
    assert [item for item in judged[1] if "needs" not in item.why] == []


def test_evidence_holds_no_value_of_a_row(judged: Judged) -> None:
    shown = str(judged)
    assert [value for value in ("City 7", "Z7'", "agent1@", "Subject 1", "SUBJECT") if value in shown] == []


MENDED = ("SCHEMA001", "SCHEMA003", "SCHEMA004", "SCHEMA005", "SCHEMA007", "SCHEMA013", "SCHEMA030", "SCHEMA031")


def test_the_sql_that_is_suggested_runs_and_mends_what_it_is_for(judged: Judged, pg_module: Database) -> None:
    """Last of the file: it changes the database."""
    suggested = [finding.suggestion for finding in judged[0] if finding.suggestion is not None]

    async def main() -> Analysis:
        session = await pg_module.connect()
        done: set[str] = set()
        for one in suggested:
            if one.sql is None or one.sql in done:
                continue
            done.add(one.sql)
            for script in (one.sql, one.rollback_sql, one.sql) if one.rollback_sql is not None else (one.sql,):
                for statement in script.split(";\n"):
                    await session.execute(statement)
        await session.close()
        return await _analyse(pg_module)

    findings, _ = evaluate(load_rules(), asyncio.run(main()), select=MENDED)
    assert [(finding.rule, finding.relation) for finding in findings] == []

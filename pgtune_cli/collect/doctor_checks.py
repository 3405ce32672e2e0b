"""What the doctor judges: ok, a warning or missing, with the exact SQL, command or setting that mends it."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from pgtune_cli.collect import rights
from pgtune_cli.collect.connection import UNCOUNTED, Record
from pgtune_cli.collect.pooler import Pooler
from pgtune_cli.collect.server_facts import ServerFacts
from pgtune_cli.collect.service_marks import Marks, spoken, told
from pgtune_cli.collect.services import OWN, Service
from pgtune_cli.collect.workload import Extension, describe_missing

Status = Literal["ok", "warning", "missing"]

ENOUGH_DAYS = 1.0
"""counters that are younger have not seen a day's round."""
LATEST_EXTENSION = {13: "1.8", 14: "1.9", 15: "1.10", 16: "1.10", 17: "1.11", 18: "1.12"}
"""the version of pg_stat_statements that each server brings."""


class Check(msgspec.Struct, frozen=True):
    """`missing` is what pgtune cannot work without; `remedy` is SQL or a setting."""

    name: str
    status: Status
    detail: str
    remedy: str | None = None


class Counted(msgspec.Struct, frozen=True):
    """Since when pg_stat_statements counts, and how often it made room; None where it does not say (13)."""

    days: float | None = None
    evicted: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that the checks look at."""

    facts: ServerFacts
    settings: Mapping[str, str]
    extension: Extension | None
    unreadable: tuple[str, str | None] | None
    """why pg_stat_statements cannot be read, and the remedy."""
    statements: int
    hidden: int
    relations: tuple[Record, ...]
    never_analyzed: tuple[str, ...]
    stale: tuple[str, ...]
    """tables of which much changed since their last ANALYZE."""
    analyzed_days: float | None
    """of the table that was analyzed the longest ago."""
    marks: Marks
    counted: Counted
    usage_days: float | None
    """None: never reset."""
    pooler: Pooler | None
    own_scans: bool
    """the server counts pgtune's own."""

    @property
    def service(self) -> Service:
        """What its remedies are for: OWN for a superuser, whom no service has among its customers."""
        return OWN if self.facts.superuser else told(self.marks)[0]


def _version(seen: Seen) -> Iterator[Check]:
    yield Check("server version", "ok", seen.facts.version.partition(" on ")[0])


def _service(seen: Seen) -> Iterator[Check]:
    service, marks = told(seen.marks)
    if service.name is None:
        yield Check("service", "ok", "no managed service shows itself: settings are changed on the server")
    elif seen.facts.superuser:
        detail = f"{spoken(marks)} as on {service.name}, but {seen.facts.user} is a superuser: a server of its own"
        yield Check("service", "ok", detail)
    else:
        alone = " alone" if len(marks) == 1 and marks[0][0] in ("role", "database") else ""
        detail = f"{service.name}, by {spoken(marks)}{alone}: settings are changed in {service.where}"
        yield Check("service", "ok", detail)


def _role(seen: Seen) -> Iterator[Check]:
    facts = seen.facts
    if facts.superuser:
        yield Check("role", "warning", f"{facts.user} is a superuser: pgtune needs far less", _proper_role(seen))
    elif facts.owner or any(row["owned"] for row in seen.relations):
        yield Check(
            "role", "warning", f"{facts.user} owns what it reads: a role that only reads is safer", _proper_role(seen)
        )
    else:
        yield Check("role", "ok", f"{facts.user} is neither superuser nor owner")


def _proper_role(seen: Seen) -> str:
    schemas = sorted({row["schema_sql"] for row in seen.relations}) or ["public"]
    names = ", ".join(schemas)
    return (
        "CREATE ROLE pgtune LOGIN; "
        "GRANT pg_monitor TO pgtune; "
        f"GRANT CONNECT ON DATABASE {seen.facts.database_sql} TO pgtune; "
        f"GRANT USAGE ON SCHEMA {names} TO pgtune; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {names} TO pgtune"
    ) + "".join(f"; {grant}" for grant in _uncounted_grant(seen, "pgtune"))


def _uncounted_grant(seen: Seen, role_sql: str) -> Iterator[str]:
    """Before 15 nobody can grant it, and on a managed service no customer can."""
    if seen.facts.version_num >= 150000 and seen.service.name is None:
        yield f"GRANT SET ON PARAMETER {UNCOUNTED} TO {role_sql}"


def _statements(seen: Seen) -> Iterator[Check]:
    name = "pg_stat_statements"
    if seen.extension is None:
        yield Check(name, "missing", *describe_missing(seen.settings, seen.service))
        return
    if seen.unreadable is not None:
        why, remedy = seen.unreadable
        yield Check(name, "missing", why, seen.service.preload if remedy == OWN.preload else remedy)
        return
    version = seen.extension.version
    newest = LATEST_EXTENSION.get(seen.facts.version_num // 10000)
    if newest is not None and _numbers(version) < _numbers(newest):
        detail = f"version {version} is older than the server's {newest}: some counters are missing"
        yield Check(name, "warning", detail, "ALTER EXTENSION pg_stat_statements UPDATE")
    else:
        yield Check(name, "ok", f"version {version}, {seen.statements} statements to analyse")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _texts(seen: Seen) -> Iterator[Check]:
    if seen.extension is None or seen.unreadable is not None:
        return
    if seen.hidden:
        detail = f"the texts of {seen.hidden} entries of other roles are hidden from {seen.facts.user}"
        state: Literal["warning", "missing"] = "warning" if seen.statements else "missing"
        yield Check("statement texts", state, detail, rights.stats_grant(seen.facts))
    elif not seen.statements:
        yield Check(
            "statement texts",
            "warning",
            "no statement of this database was recorded yet",
            "run the application for a while",
        )
    else:
        yield Check("statement texts", "ok", "all are visible")


def _tables(seen: Seen) -> Iterator[Check]:
    closed = rights.unreadable(seen.relations)
    if closed:
        detail = f"{len(closed)} of {len(seen.relations)} relations may not be read: no planner statistics, no plans"
        remedy = rights.read_all_grant(seen.facts, [row["schema_sql"] for row in closed])
        yield Check("tables", "warning", detail, remedy)
    elif not seen.relations:
        yield Check("tables", "warning", "this database has no tables", "name another with --dbname")
    else:
        yield Check("tables", "ok", f"all {len(seen.relations)} relations may be read")
    hidden = rights.behind_row_security(seen.relations)
    if hidden:
        detail = f"row security hides the planner statistics of {len(hidden)} tables"
        yield Check("row security", "warning", detail, seen.service.bypassed(seen.facts.user_sql))


def _analyzed(seen: Seen) -> Iterator[Check]:
    never = seen.never_analyzed
    if never:
        detail = f"{len(never)} tables with rows were never analyzed since the counters began: plans are guesses"
        yield Check("planner statistics", "warning", detail, "; ".join(f"ANALYZE {name}" for name in never[:20]))
    elif seen.stale:
        detail = f"more than a fifth of the rows of {number(len(seen.stale), 'table')} changed since the last ANALYZE"
        yield Check("planner statistics", "warning", detail, "; ".join(f"ANALYZE {name}" for name in seen.stale[:20]))
    elif seen.analyzed_days is None:
        yield Check("planner statistics", "ok", "no table has rows")
    else:
        detail = f"every table with rows was analyzed, none longer ago than {age(seen.analyzed_days)}"
        yield Check("planner statistics", "ok", detail)


def _counted(seen: Seen) -> Iterator[Check]:
    """Since when what is counted is counted."""
    if seen.extension is not None and seen.unreadable is None:
        yield _statement_counters(seen)
    days = seen.usage_days
    if days is not None and days < ENOUGH_DAYS:
        detail = f"tables and indexes are counted for {age(days)} only: what was not used in that time may be tomorrow"
        yield Check("usage counters", "warning", detail, "wait for a usual day or week before dropping an index")
    else:
        since = "their begin: they were never reset" if days is None else f"{age(days)} ago"
        yield Check("usage counters", "ok", f"tables and indexes are counted since {since}")


def _statement_counters(seen: Seen) -> Check:
    name, days, evicted = "statement counters", seen.counted.days, seen.counted.evicted or 0
    if days is None:
        return Check(name, "ok", "this version of pg_stat_statements does not say since when it counts")
    if evicted > days:
        detail = f"{number(evicted, 'time')} in {age(days)} the rarest statements were dropped for want of room"
        room = int(seen.settings.get("pg_stat_statements.max", "5000")) * 2
        remedy = seen.service.set("pg_stat_statements.max", str(room), restart=True)
        return Check(name, "warning", detail, remedy)
    if days < ENOUGH_DAYS:
        detail = f"statements are counted for {age(days)} only: what runs daily or weekly may be missing"
        return Check(name, "warning", detail, "wait for a usual day, or let the application run: its load is judged")
    return Check(name, "ok", f"statements are counted since {age(days)} ago, nothing to speak of was dropped")


def age(days: float) -> str:
    """`12 days`, `5 h`, `3 min`."""
    if days >= 2:
        return f"{days:.0f} days"
    return f"{days * 24:.0f} h" if days * 24 >= 1 else f"{days * 1440:.0f} min"


def number(many: int, noun: str) -> str:
    return f"{many} {noun}{'' if many == 1 else 's'}"


def _measured(seen: Seen) -> Iterator[Check]:
    size = int(seen.settings.get("track_activity_query_size", "1024"))
    if size < 4096:
        detail = f"track_activity_query_size is {size}: --window cannot sample longer texts"
        yield Check("text length", "warning", detail, _set(seen, "track_activity_query_size", "16384", restart=True))
    else:
        yield Check("text length", "ok", f"track_activity_query_size is {size}")
    if seen.settings.get("track_io_timing") == "off":
        detail = "track_io_timing is off: reads have no time"
        yield Check("I/O timing", "warning", detail, _set(seen, "track_io_timing", "on", restart=False))
    else:
        yield Check("I/O timing", "ok", "track_io_timing is on")


def _set(seen: Seen, setting: str, value: str, *, restart: bool) -> str:
    return seen.service.set(setting, value, restart=restart)


def _own_scans(seen: Seen) -> Iterator[Check]:
    name = "own index scans"
    if not seen.own_scans:
        yield Check(name, "ok", "they are in no counter")
        return
    detail = "the server counts them, and pgtune subtracts those that it made from this machine"
    yield Check(name, "ok", detail, next(_uncounted_grant(seen, seen.facts.user_sql), None))


def _surroundings(seen: Seen) -> Iterator[Check]:
    if seen.facts.in_recovery:
        detail = "this is a standby: its usage counters and statements are its own, not the primary's"
        yield Check("recovery", "warning", detail, "look at the primary too before dropping an index")
    else:
        yield Check("recovery", "ok", "this is a primary")
    yield _pooler(seen.pooler)


def _pooler(pooler: Pooler | None) -> Check:
    name = "pooler"
    if pooler is None:
        return Check(name, "ok", "the connection is direct")
    who = pooler.name or "a pooler"
    if pooler.shared:
        detail = f"{who} stands between, in transaction mode: settings hold for one transaction only"
    elif pooler.shared is None:
        detail = f"{who} stands between: settings may hold for one transaction only"
    else:
        detail = f"{who} stands between, a session was kept, as in session mode"
        return Check(name, "ok", detail)
    return Check(name, "warning", detail, _DIRECT.get(who, _DIRECT[""]))


_DIRECT = {
    "": "connect to the server directly if plans and executions matter",
    "Supavisor": "connect to db.<project>.supabase.co, port 5432, if plans and executions matter",
    "Neon's PgBouncer": "leave -pooler out of the host name if plans and executions matter",
    "RDS Proxy": "connect to the endpoint of the instance or cluster if plans and executions matter",
}

CHECKS = (
    _version, _service, _role, _statements, _texts, _counted, _tables, _analyzed, _measured, _own_scans, _surroundings
)  # fmt: skip

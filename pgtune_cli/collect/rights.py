"""What this role may not read of the relations, and the exact SQL that would let it."""

from collections.abc import Sequence

from pgtune_cli.collect.connection import Record
from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.server_facts import ServerFacts

_WITH_ROWS = "rpmf"


def read_all_grant(facts: ServerFacts, schemas_sql: Sequence[str]) -> str:
    """The SQL that lets the role read the tables of these schemas (already quoted)."""
    names = ", ".join(sorted(set(schemas_sql)))
    return (
        f"GRANT USAGE ON SCHEMA {names} TO {facts.user_sql}; "
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {names} TO {facts.user_sql}"
    )


def stats_grant(facts: ServerFacts) -> str:
    return f"GRANT pg_monitor TO {facts.user_sql}"


def unreadable(rows: Sequence[Record]) -> list[Record]:
    """The relations whose statistics are hidden from this role."""
    return [row for row in rows if row["kind"] in _WITH_ROWS and not row["readable"]]


def behind_row_security(rows: Sequence[Record]) -> list[Record]:
    return [row for row in rows if row["kind"] in _WITH_ROWS and row["readable"] and row["row_security_active"]]


def say_unreadable(reader: Reader, facts: ServerFacts, rows: Sequence[Record]) -> None:
    """Note the tables whose planner statistics stay unseen, with the grant."""
    closed = unreadable(rows)
    if closed:
        reader.skip(
            f"planner statistics of {_some(closed)}",
            f"role {facts.user} may not SELECT from {'it' if len(closed) == 1 else 'them'}",
            read_all_grant(facts, [row["schema_sql"] for row in closed]),
        )
    hidden = behind_row_security(rows)
    if hidden:
        reader.skip(
            f"planner statistics of {_some(hidden)}",
            "row security hides them from this role",
            f"ALTER ROLE {facts.user_sql} BYPASSRLS",
        )


def _some(rows: Sequence[Record], shown: int = 3) -> str:
    names = ", ".join(f"{row['schema']}.{row['name']}" for row in rows[:shown])
    return names if len(rows) <= shown else f"{len(rows)} tables ({names}, …)"

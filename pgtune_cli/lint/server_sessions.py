"""Facts of the server: sessions, locks, slots, prepared transactions, and the time limits of the roles that work."""

import re
from typing import Annotated, Any

from pgtune_cli.lint.server_counters import ServerCounters
from pgtune_cli.lint.subject import known
from pgtune_cli.lint.world import World
from pgtune_cli.model.server_state import ReplicationSlot, RoleSetting
from pgtune_cli.sql.quote import quote_identifier, quote_literal

State = "server_state"
Seen = "sessions"


class ServerSessions(ServerCounters, frozen=True, kw_only=True):
    """What was going on when the server was read, and what would stop it."""

    sessions: Annotated[float | None, known("client sessions of the database", need=State)]
    active_sessions: Annotated[float | None, known("those that executed a statement", need=Seen)]
    idle_in_transaction_seconds: Annotated[float | None, known("the longest that a session was idle in a transaction; "
                                                               "0 without any", need=Seen)]  # fmt: skip
    idle_in_transaction_application: Annotated[str, known("application_name of that session")]
    transaction_seconds: Annotated[float | None, known("the longest running transaction; 0 without any", need=Seen)]
    lock_waits: Annotated[float | None, known("sessions that waited for a lock", need=Seen)]
    lock_wait_seconds: Annotated[float | None, known("the longest of these waits; 0 without any", need=Seen)]
    lock_holder_state: Annotated[str, known("what the session did that it waited for: active, idle in transaction")]
    horizon_age: Annotated[float | None, known("transactions since the oldest snapshot that VACUUM must heed: rows "
                                               "that died since stay", need=State)]  # fmt: skip
    horizon_holder: Annotated[str, known("who holds it: a session, a replication slot, a prepared transaction")]
    prepared_transactions: Annotated[float | None, known("transactions prepared and not ended", need=State)]
    prepared_seconds: Annotated[float | None, known("age of the oldest; 0 without any", need=State)]
    slots: Annotated[float | None, known("replication slots", need=State)]
    idle_slot: Annotated[str, known("of those that nobody reads, the one that holds the most WAL; empty without any")]
    idle_slot_bytes: Annotated[float | None, known("WAL that it holds; 0 without one", need=State)]
    idle_slot_sql: Annotated[str | None, known("its name as an SQL literal", sql=True)]
    lagging_slot: Annotated[str, known("of those that are read, the one that holds the most WAL; empty without any")]
    lagging_slot_bytes: Annotated[float | None, known("WAL that it holds; 0 without one", need=State)]
    lost_slots: Annotated[tuple[str, ...], known("slots whose WAL was removed: their standby must be built anew")]
    roles_without_statement_timeout: Annotated[
        tuple[str, ...] | None,
        known("roles of the workload that neither the server nor they themselves limit", need=State),
    ]
    roles_without_idle_timeout: Annotated[
        tuple[str, ...] | None,
        known("the same of idle_in_transaction_session_timeout and transaction_timeout", need=State),
    ]
    longest_call_ms: Annotated[float | None, known("the longest call of a statement", need="workload")]
    statement_timeout_sql: Annotated[str | None, known("the first of those roles, quoted", sql=True)]
    idle_timeout_sql: Annotated[str | None, known("the first of those roles, quoted", sql=True)]


def server_sessions(world: World) -> dict[str, Any]:
    """The facts of ServerSessions, by name."""
    calls = [one.max_exec_time_ms for one in world.analysis.statements if one.max_exec_time_ms is not None]
    longest = max(calls, default=None) if world.measured else None
    return {"longest_call_ms": longest, **_sessions(world), **_horizon(world), **_slots(world), **_limits(world)}


def _sessions(world: World) -> dict[str, Any]:
    found, prepared = world.snapshot.usage.server.sessions, world.snapshot.usage.server.prepared
    waits = {
        "prepared_transactions": prepared.total if prepared is not None else None,
        "prepared_seconds": prepared.oldest_seconds or 0.0 if prepared is not None else None,
    }
    if found is None:
        names = ("sessions", "active_sessions", "idle_in_transaction_seconds", "transaction_seconds", "lock_waits",
                 "lock_wait_seconds")  # fmt: skip
        empty = {"idle_in_transaction_application": "", "lock_holder_state": ""}
        return {**dict.fromkeys(names), **empty, **waits}

    def seen(value: float | None) -> float | None:
        """Nothing seen is nothing there only where all could be seen."""
        return value or (None if found.hidden else 0.0)

    return {
        "sessions": found.total, "active_sessions": seen(found.active),
        "idle_in_transaction_seconds": seen(found.idle_in_transaction_seconds),
        "idle_in_transaction_application": found.idle_in_transaction_application or "",
        "transaction_seconds": seen(found.transaction_seconds), "lock_waits": seen(found.lock_waits),
        "lock_wait_seconds": seen(found.lock_wait_seconds), "lock_holder_state": found.lock_holder_state or "", **waits,
    }  # fmt: skip


def _horizon(world: World) -> dict[str, Any]:
    state = world.snapshot.usage.server
    held: list[tuple[int, str]] = []
    if state.sessions is not None and state.sessions.xmin_age is not None:
        held.append((state.sessions.xmin_age, "a session"))
    if state.prepared is not None and state.prepared.xmin_age is not None:
        held.append((state.prepared.xmin_age, "a prepared transaction"))
    held += [(slot.xmin_age, f"the replication slot {slot.name}") for slot in state.slots or ()
             if slot.xmin_age is not None]  # fmt: skip
    read = state.sessions is not None
    age, holder = max(held, default=(0, ""))
    return {"horizon_age": age if held or read else None, "horizon_holder": holder}


def _slots(world: World) -> dict[str, Any]:
    slots = world.snapshot.usage.server.slots
    idle, idle_bytes = _most([slot for slot in slots or () if not slot.active and slot.wal_status != "lost"])
    lagging, lagging_bytes = _most([slot for slot in slots or () if slot.active])
    return {
        "slots": len(slots) if slots is not None else None, "idle_slot": idle,
        "idle_slot_bytes": idle_bytes if slots is not None else None,
        "idle_slot_sql": quote_literal(idle) if idle else None, "lagging_slot": lagging,
        "lagging_slot_bytes": lagging_bytes if slots is not None else None,
        "lost_slots": tuple(slot.name for slot in slots or () if slot.wal_status == "lost"),
    }  # fmt: skip


def _most(slots: list[ReplicationSlot]) -> tuple[str, int]:
    worst = max(slots, key=lambda slot: (slot.retained_bytes or 0, slot.name), default=None)
    return (worst.name, worst.retained_bytes or 0) if worst is not None else ("", 0)


def _limits(world: World) -> dict[str, Any]:
    names = ("roles_without_statement_timeout", "roles_without_idle_timeout")
    given, settings = world.snapshot.usage.server.role_settings, world.snapshot.server.settings
    roles = sorted({role for statement in world.analysis.statements for role in statement.roles})
    if given is None or "statement_timeout" not in settings or not roles:
        return {**dict.fromkeys(names), "statement_timeout_sql": None, "idle_timeout_sql": None}
    statement = tuple(role for role in roles if not _limited(world, role, given, "statement_timeout"))
    idle = tuple(
        role for role in roles
        if not any(_limited(world, role, given, name)
                   for name in ("idle_in_transaction_session_timeout", "transaction_timeout"))
    )  # fmt: skip
    return {
        names[0]: statement, names[1]: idle,
        "statement_timeout_sql": quote_identifier(statement[0]) if statement else None,
        "idle_timeout_sql": quote_identifier(idle[0]) if idle else None,
    }  # fmt: skip


def _limited(world: World, role: str, given: tuple[RoleSetting, ...], name: str) -> bool:
    """What is set for the role wins over what is set for the database, and that over the server's own."""
    own = [item.value for item in given if item.name == name and item.role == role]
    database = [item.value for item in given if item.name == name and item.role is None]
    value = (own + database + [world.snapshot.server.settings.get(name, "0")])[0]
    return re.fullmatch(r"\s*'?0*'?\s*[a-z]*\s*", value) is None

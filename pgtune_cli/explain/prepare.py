"""A statement of pg_stat_statements becomes one that PREPARE takes, with its parameters' types and values for them."""

from collections.abc import Iterator

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.explain.reasons import prepare_failure, refused_text
from pgtune_cli.explain.session import LEXICAL, place_in_text, prepared
from pgtune_cli.explain.values import value_sets
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Prepared, Statement
from pgtune_cli.sql.repair import repair, repairs_for_error

MAX_TRIES = 60
MAX_ROUNDS = 6
WIDTH = 4
"""texts that each round goes on from."""
NAME_LENGTH = len("pgtune_") + 12


class _Failure(msgspec.Struct, frozen=True):
    sqlstate: str
    message: str
    position: int | None
    """offset in the text."""
    reason: str


class _Taken(msgspec.Struct, frozen=True):
    sql: str
    types: tuple[str, ...]


async def prepare(connection: Connection, statement: Statement, snapshot: Snapshot) -> Prepared | str:
    """The statement as the server takes it, with value sets; or why it does not. Raises what a lost connection raises.

    Nothing is planned or executed: PREPARE parses, and looks names up under the session's search_path. Constants are
    read as their types, though, which may run a domain's check: ask safety.may_plan() of the text first.
    """
    reason = refused_text(statement.query)
    if reason is not None:
        return reason
    server = connection.get_server_version()
    text = repair(statement.query.rstrip().rstrip(";"), server.major * 10000 + server.minor)
    async with transaction(connection, LEXICAL, isolation="read_committed"):
        taken = await _search(connection, text, snapshot)
    if isinstance(taken, str):
        return taken
    return Prepared(
        fingerprint=statement.fingerprint,
        sql=taken.sql,
        parameter_types=taken.types,
        value_sets=value_sets(taken.sql, taken.types, statement, snapshot),
    )


async def _search(connection: Connection, text: str, snapshot: Snapshot) -> _Taken | str:
    """The text itself, then texts that its error suggests, then what theirs suggest: bounded in all directions."""
    first = await _try(connection, text, snapshot)
    if isinstance(first, _Taken):
        return first
    seen, waiting = {text}, [(text, first)]
    for _ in range(MAX_ROUNDS):
        following: list[tuple[str, _Failure]] = []
        for repaired in _suggestions(waiting, seen):
            outcome = await _try(connection, repaired, snapshot)
            if isinstance(outcome, _Taken):
                return outcome
            following.append((repaired, outcome))
        before = {(failure.message, failure.position) for _, failure in waiting}
        waiting = [one for one in following if (one[1].message, one[1].position) not in before][:WIDTH]
        if not waiting:
            break
    return first.reason


def _suggestions(waiting: list[tuple[str, _Failure]], seen: set[str]) -> Iterator[str]:
    for text, failure in waiting:
        position = None if failure.position is None else failure.position + 1
        for repaired in repairs_for_error(text, failure.sqlstate, failure.message, position):
            if len(seen) > MAX_TRIES:
                return
            if repaired not in seen:
                seen.add(repaired)
                yield repaired


async def _try(connection: Connection, sql: str, snapshot: Snapshot) -> _Taken | _Failure:
    try:
        async with prepared(connection, sql) as statement:
            return _Taken(sql, statement.types)
    except PostgresError as error:
        given = getattr(error, "position", None)
        position = place_in_text(sql, NAME_LENGTH, int(given)) if given else None
        reason = prepare_failure(error, sql, position, snapshot)
        return _Failure(error.sqlstate or "", str(error), position, reason)

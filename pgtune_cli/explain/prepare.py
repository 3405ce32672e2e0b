"""A statement of pg_stat_statements becomes one that PREPARE takes, with its parameters' types and values for them."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from time import monotonic

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError, transaction
from pgtune_cli.explain.reasons import prepare_failure, refused_text
from pgtune_cli.explain.session import LEXICAL, place_in_text, prepared
from pgtune_cli.explain.values import value_sets
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.model.statement import Prepared, Statement
from pgtune_cli.sql.lex import Token, tokens
from pgtune_cli.sql.repair import repair, repairs_for_error

MAX_TRIES = 200
MAX_SUGGESTIONS = 80
"""for one complaint."""
MAX_SECONDS = 5.0
"""for one statement."""
NAME_LENGTH = len("pgtune_") + 12


class _Failure(msgspec.Struct, frozen=True):
    sqlstate: str
    message: str
    position: int | None
    """offset in the text."""
    token: int | None
    """which word of the text is there: repairs move offsets, and hardly the order of what stands outside of casts."""
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
    async with transaction(connection, LEXICAL, isolation="read_committed", roles_path=True):
        taken = await _search(connection, text, snapshot)
    if isinstance(taken, str):
        return taken
    return Prepared(
        fingerprint=statement.fingerprint,
        sql=taken.sql,
        parameter_types=taken.types,
        value_sets=value_sets(taken.sql, taken.types, statement, snapshot),
    )


class _Tried(msgspec.Struct, frozen=True):
    """A text that was refused, and how many complaints were answered on the way to it."""

    text: str
    failure: _Failure
    answered: frozenset[int | None]


async def _search(connection: Connection, text: str, snapshot: Snapshot) -> _Taken | str:
    """The text itself, then texts that its error suggests, then what theirs suggest: those that got farthest first.

    Each complaint has a budget of its own, as a text may have many; tries and time are bounded in all.
    """
    outcome = await _try(connection, text, snapshot)
    if isinstance(outcome, _Taken):
        return outcome
    end = monotonic() + MAX_SECONDS
    seen, tries = {text}, 0
    waiting = [(0, tries, _Tried(text, outcome, frozenset()))]
    while waiting:
        tried = heappop(waiting)[2]
        for repaired in islice(_suggestions(tried, seen), MAX_SUGGESTIONS):
            if tries >= MAX_TRIES or monotonic() > end:
                return outcome.reason
            tries += 1
            found = await _try(connection, repaired, snapshot)
            if isinstance(found, _Taken):
                return found
            if (found.message, found.token) != (tried.failure.message, tried.failure.token):
                answered = tried.answered | {tried.failure.token}
                behind = len(answered) - 2 * (found.token in answered)
                heappush(waiting, (-behind, tries, _Tried(repaired, found, answered)))
    return outcome.reason


def _suggestions(tried: _Tried, seen: set[str]) -> Iterator[str]:
    failure = tried.failure
    position = None if failure.position is None else failure.position + 1
    for repaired in repairs_for_error(tried.text, failure.sqlstate, failure.message, position):
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
        return _Failure(error.sqlstate or "", str(error), position, _word_at(sql, position), reason)


def _word_at(sql: str, position: int | None) -> int | None:
    """Number of the name, operator or parameter at an offset; casts and brackets, which repairs add, do not count."""
    if position is None:
        return None
    found = tokens(sql)
    return sum(token.start < position for at, token in enumerate(found) if not _added(found, at))


def _added(found: Sequence[Token], at: int) -> bool:
    before = found[at - 1].text if at else ""
    return found[at].text in ("(", ")", "::") or before == "::"

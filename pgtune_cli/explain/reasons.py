"""Why a statement has no plan, or was not executed: one clear line each, without a customer's value.

PostgreSQL's own message is passed on only where it names types and objects; elsewhere it may quote a constant.
"""

import re

from pgtune_cli.collect.connection import PostgresError
from pgtune_cli.collect.queries import query
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.sql.lex import TruncatedText, tokens
from pgtune_cli.sql.plannable import NO_PRIVILEGE, first_word, is_cut_off, is_plannable
from pgtune_cli.sql.search_path import near_relation, search_path_of

GONE = "the connection to the server was lost"
NAMES_OBJECTS = {"42883", "42703", "42704", "42P02", "42809", "42501", "3F000", "0A000", "42725", "42804", "42803"}
MISSING_COLUMN = "42703"
PLACEHOLDER = re.compile(r":['\"\w]|\?|%[s(]")
"""of drivers, and variables of psql"""
FIXED = {
    "42P18": "the type of a parameter cannot be told from the text",
    "42P08": "the type of a parameter cannot be told from the text",
    "55P03": "a lock was not to be had in time",
    "25006": "the server refused it in a read-only transaction",
    "40001": "the replica cancelled it in favour of its replay",
    "53100": "the server's disk is full",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left",
    "54001": "it is too complex for the server's stack",
    "57P01": "the server ended the connection",
}


def refused_text(query: str) -> str | None:
    """Why a text is not even prepared; None for one that may have a plan."""
    if query.strip() == NO_PRIVILEGE:
        return "its text is hidden from this role: GRANT pg_read_all_stats"
    if "\x00" in query:
        return "its text holds a NUL character"
    if is_cut_off(query):
        return "its text is cut off"
    if not is_plannable(query):
        word = first_word(query).upper()
        return f"{word or 'an empty text'} has no plan"
    found = tokens(query)
    if any(token.text == ";" and at + 1 < len(found) for at, token in enumerate(found)):
        return "its text holds more than one statement"
    return None


def prepare_failure(error: PostgresError, sql: str, position: int | None, snapshot: Snapshot) -> str:
    """Why PREPARE refused the text. `position` is an offset in `sql`."""
    if snapshot.server.encoding == "SQL_ASCII" and "\N{REPLACEMENT CHARACTER}" in sql:
        return "its text holds bytes that are no UTF-8, in an SQL_ASCII database: it cannot be sent as it was"
    state = error.sqlstate or ""
    if state == "42P01":
        return _missing_relation(sql, position, snapshot)
    if state == "42601":
        place = "" if position is None else f" at character {position + 1}"
        other = PLACEHOLDER.match(sql, position) if position is not None else None
        hint = f" ({other[0][:1]} is no parameter to PostgreSQL: write $1, or a value)" if other else ""
        return f"it is not SQL to this server: syntax error{place}{hint}"
    return server_failure(error)


def server_failure(error: PostgresError) -> str:
    """What the server refused, in one line."""
    state = error.sqlstate or ""
    if state in FIXED:
        return FIXED[state]
    if state in NAMES_OBJECTS:
        said = str(error).partition("\n")[0]
        # "Perhaps you meant to reference the column …": names, as the message
        hint = (getattr(error, "hint", None) or "").partition("\n")[0] if state == MISSING_COLUMN else ""
        return (f"{said}: {hint[:1].lower()}{hint[1:].rstrip('.')}" if hint else said)[:200]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(error).__name__.removesuffix("Error")).lower()
    return f"the server refuses it: {words} ({state})"


def _missing_relation(sql: str, position: int | None, snapshot: Snapshot) -> str:
    """Dropped, out of this role's search_path, or never read: the catalog tells."""
    parts = _name_at(sql, position)
    if not parts:
        return "a relation of it does not exist"
    name = ".".join(parts)
    schemas = sorted(relation.schema for relation in snapshot.catalog.relations if relation.name == parts[-1])
    if schemas and len(parts) == 1 and not set(schemas) & set(search_path_of(snapshot.server)):
        return f'relation "{name}" is not in this role\'s search_path; there is one in schema {", ".join(schemas)}'
    unread = _unread(parts[-1], snapshot)
    if not schemas and unread is not None:
        return f'relation "{name}" could not be read: {unread}'
    meant = near_relation(name, snapshot.catalog.relations, search_path_of(snapshot.server))
    if meant is not None and not schemas:
        return f'relation "{name}" does not exist: {meant} may be meant, or it was dropped or renamed'
    return f'relation "{name}" does not exist: dropped or renamed since the statement ran'


def _unread(name: str, snapshot: Snapshot) -> str | None:
    """Why a relation of this name is not in the catalog, where it was left out: all were, or it was."""
    for skipped in snapshot.skipped:
        if skipped.what == query("relations").reads:
            return skipped.why
        if skipped.what.startswith(("relation ", "columns of ")) and skipped.what.endswith(f".{name}"):
            return skipped.why
    return None


def _name_at(sql: str, position: int | None) -> list[str]:
    """The parts of the qualified name that starts there."""
    try:
        found = [token for token in tokens(sql) if position is not None and token.start >= position]
    except TruncatedText:
        return []
    parts: list[str] = []
    for at in range(0, len(found), 2):
        name = found[at].name
        if name is None:
            break
        parts.append(name)
        if at + 1 >= len(found) or found[at + 1].text != ".":
            break
    return parts

"""Why the planner's server refused something, in one line that holds no row's values."""

import re

from pgtune_cli.collect.connection import LOST

ADMIN_SHUTDOWN = "57P01"
ENDED = "it did not end, and was ended with its connection"
DATA_EXCEPTION = "22"
INTEGRITY = "23"
_CANDIDATE = re.compile(r'(?:index )?"?(?:pgtune_candidate_\d+|<\d+>\w+)"?')
"""the names that the clone and HypoPG give to indexes that nobody has"""


def reason_of(error: BaseException) -> str:
    """The server's message; for errors about values, which quote them, only their kind."""
    return reason(getattr(error, "sqlstate", None) or "", str(error))


def reason(state: str, message: str) -> str:
    """The same of an error that the server caught itself."""
    if state[:2] in (DATA_EXCEPTION, INTEGRITY):
        return f"its values were refused (SQLSTATE {state})"
    return _CANDIDATE.sub("the new index", message.strip().split("\n", 1)[0])


def was_ended(error: BaseException) -> bool:
    """Whether the connection went with it."""
    return isinstance(error, LOST) or getattr(error, "sqlstate", None) == ADMIN_SHUTDOWN

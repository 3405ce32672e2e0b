"""Why the planner's server refused something, in one line that holds no row's values."""

from pgtune_cli.collect.connection import PostgresError

DATA_EXCEPTION = "22"
INTEGRITY = "23"


def reason_of(error: PostgresError) -> str:
    """The server's message; for errors about values, which quote them, only their kind."""
    state = getattr(error, "sqlstate", None) or ""
    if state[:2] in (DATA_EXCEPTION, INTEGRITY):
        return f"its values were refused (SQLSTATE {state})"
    return str(error).strip().split("\n", 1)[0]

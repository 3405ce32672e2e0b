"""The errors that end a command: a message that names the object, and a hint that says how to mend it.

The exit code of each is given in cli/main.py. Messages are lower case, without a full stop, and never hold a password.
"""


class PgtuneError(Exception):
    """What every error of pgtune's own is. `hint` says what the user can do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(PgtuneError):
    """A wrong option, argument, configuration or file. Exit code 2."""


class ConnectionFailed(PgtuneError):
    """No connection to the server. Exit code 3."""


class ServerRefused(PgtuneError):
    """The server answered, and refused what is needed. Exit code 4."""


class IncompleteAnalysis(PgtuneError):
    """Something was skipped and --require-complete was given. Exit code 5."""


class EmbeddedServerError(PgtuneError):
    """The embedded PostgreSQL could not be found, started or used. Exit code 70."""

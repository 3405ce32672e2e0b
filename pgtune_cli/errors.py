"""The errors that end a command: a message that names the object, and a hint that says how to mend it.

The exit code of each is given in cli/main.py. Messages are lower case, without a full stop, and never hold a password.
Who misspells a name is told the one that was probably meant: `unknown`, `near_hint` and `near`, for all kinds of names.
"""

from collections.abc import Iterable


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


def near(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that was probably meant; upper and lower case are alike."""
    from difflib import get_close_matches

    spelled = {each.casefold(): each for each in names}
    found = get_close_matches(name.casefold(), list(spelled), 1)
    return spelled[found[0]] if found else None


def near_hint(name: str, names: Iterable[str], otherwise: str | None = None) -> str | None:
    """`did you mean x?`, or another hint where nothing is near."""
    found = near(name, names)
    return f"did you mean {found}?" if found else otherwise


def unknown(what: str, name: str, names: Iterable[str]) -> UsageError:
    """That there is no such thing, what was probably meant, and all that there is."""
    known = tuple(names)
    meant = near_hint(name, known)
    return UsageError(f"unknown {what} {name}", f"{meant + ' ' if meant else ''}one of {', '.join(known)}")

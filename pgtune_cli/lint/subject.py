"""A subject: one thing that rules judge, with its facts and what a finding about it should name."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Meta

from pgtune_cli.lint.lazy import LazyFacts


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """`place` tells two subjects of one statement or relation apart, in words a reader knows."""

    facts: msgspec.Struct | LazyFacts
    relation: str | None = None
    statements: tuple[str, ...] = ()
    place: str = ""
    channel: str | None = None
    """the channel that literals of the statement were seen in."""
    find_relation: Callable[[], str | None] | None = None
    """tells the relation of a subject that a rule holds for, where it takes work to tell."""

    def named(self) -> "Subject":
        """The subject with its relation."""
        if self.find_relation is None:
            return self
        return msgspec.structs.replace(self, relation=self.find_relation(), find_relation=None)


def known(description: str, *, need: str | None = None, sql: bool = False) -> Meta:
    """The description of a fact, what must have been read for it, and whether it is quoted for SQL."""
    extra: dict[str, Any] = {"sql": sql} if need is None else {"need": need, "sql": sql}
    return Meta(description=description, extra=extra)

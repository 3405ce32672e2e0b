"""What a rule's author needs to know, as structures: the facts of every kind of subject."""

from pgtune_cli.lint.facts import KINDS
from pgtune_cli.lint.rule import SubjectKind
from pgtune_cli.lint.types import Fact


def fact_reference() -> dict[str, tuple[Fact, ...]]:
    """The facts by kind of subject, from their types."""
    return {kind.name: tuple(kind.facts.values()) for kind in KINDS}


def subject_kinds() -> tuple[SubjectKind, ...]:
    """The kinds of subjects: name, the variable that conditions call it by, description."""
    return KINDS

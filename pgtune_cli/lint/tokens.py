"""Tokens of a CEL condition, with their places."""

import re
from enum import StrEnum

import msgspec


class ConditionError(ValueError):
    """A condition that cannot be used. `position` is the offset in its text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class Kind(StrEnum):
    NUMBER = "number"
    STRING = "string"
    NAME = "name"
    OPERATOR = "operator"
    END = "end"


class Token(msgspec.Struct, frozen=True):
    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


WRITTEN = {"=": "==", "&": "&&", "|": "||", "and": "&&", "or": "||", "not": "!"}
"""what is often written in place of an operator."""

# Raw, byte and triple-quoted strings, unsigned and hexadecimal numbers are CEL too, but no rule needs them.
PATTERN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:[^"\\\n]|\\[\\"'nt])*"|'(?:[^'\\\n]|\\[\\"'nt])*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>&&|\|\||[=!<>]=|[-+*/<>!?:.,()\[\]])""",
    re.VERBOSE,
)


def tokens(text: str) -> list[Token]:
    """The tokens of a condition, an END last. Raises ConditionError at what is none."""
    found = []
    position = 0
    while position < len(text):
        match = PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            meant = WRITTEN.get(text[position])
            why = f"is written {meant} here" if meant else "is not understood here"
            raise ConditionError(f"{text[position]!r} {why}", position)
        if match.lastgroup != "space":
            found.append(Token(Kind(match.lastgroup), match.group(), position))
        position = match.end()
    return [*found, Token(Kind.END, "", len(text))]

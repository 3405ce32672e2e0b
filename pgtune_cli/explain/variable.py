"""Whether an argument is sure to depend on a column: only then the planner cannot compute the call around it.

`coalesce(1, a)`, `a + null`, `(row(1, 2)).f` and `x => 1` look like columns and are constants once they are planned.
Known here are columns, their casts and collations, operators between them and literals, and calls of them; anything
else is no column.
"""

from collections.abc import Sequence

import msgspec

from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import Token, TokenKind

DEEPEST = 100
"""brackets within brackets; what lies deeper is taken for no column"""


class Argument(msgspec.Struct, frozen=True):
    """`through`: functions between the column and the call. It varies only where these do what they are given."""

    varies: bool
    through: frozenset[str] = frozenset()


CONSTANT = Argument(False)


def argument(found: Sequence[Token]) -> Argument:
    """Of the tokens of one expression."""
    reader = _Reader(found)
    read = reader.expression()
    return read if read is not None and reader.at == len(found) else CONSTANT


class _Reader:
    """Reads an expression of the forms it knows; None as soon as it meets another one."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.at = 0
        self.depth = 0

    def expression(self) -> Argument | None:
        if self.depth == DEEPEST:
            return None
        self.depth += 1
        read = self._expression()
        self.depth -= 1
        return read

    def _expression(self) -> Argument | None:
        varies, through = False, frozenset[str]()
        while True:
            self._operators()
            part = self._operand()
            if part is None:
                return None
            varies, through = varies or part.varies, through | part.through
            if not self._operators():
                return Argument(varies, through)

    def _peek(self, ahead: int = 0) -> Token | None:
        return self.found[self.at + ahead] if self.at + ahead < len(self.found) else None

    def _takes(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.text != text:
            return False
        self.at += 1
        return True

    def _operators(self) -> bool:
        start = self.at
        while (token := self._peek()) is not None and token.kind is TokenKind.OPERATOR:
            self.at += 1
        return self.at > start

    def _operand(self) -> Argument | None:
        read = self._primary()
        while read is not None:
            if self._takes("::"):
                if not self._type():
                    return None
            elif (token := self._peek()) is not None and token.word == "collate":
                self.at += 1
                if self._name() is None:
                    return None
            else:
                break
        return read

    def _primary(self) -> Argument | None:
        token = self._peek()
        if token is None:
            return None
        if token.kind in (TokenKind.STRING, TokenKind.NUMBER):
            self.at += 1
            return CONSTANT
        if self._takes("("):
            read = self.expression()
            return read if self._takes(")") else None
        name = self._name()
        if name is None:
            return None
        return self._call(name) if self._takes("(") else Argument(True)

    def _name(self) -> str | None:
        """The last part of a name."""
        name: str | None = None
        while (token := self._peek()) is not None:
            if token.kind not in (TokenKind.WORD, TokenKind.QUOTED) or (name is None and token.word in RESERVED):
                return None
            name, self.at = token.name, self.at + 1
            if name is None or not self._takes("."):
                return name
        return None

    def _call(self, name: str) -> Argument | None:
        varies, through = False, frozenset({name})
        while True:
            part = self.expression()
            if part is None:
                return None
            varies, through = varies or part.varies, through | part.through
            if not self._takes(","):
                return Argument(varies, through) if self._takes(")") else None

    def _type(self) -> bool:
        """`text`, `double precision`, `app.mood[]`, `numeric(10,2)`."""
        start = self.at
        while (token := self._peek()) is not None and token.kind in (TokenKind.WORD, TokenKind.QUOTED):
            self.at += 1
            if not self._takes(".") and self._takes("("):
                while not self._takes(")"):
                    if (inner := self._peek()) is None or (inner.kind is not TokenKind.NUMBER and inner.text != ","):
                        return False
                    self.at += 1
        while self._takes("["):
            if (size := self._peek()) is not None and size.kind is TokenKind.NUMBER:
                self.at += 1
            if not self._takes("]"):
                return False
        return self.at > start

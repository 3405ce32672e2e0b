"""PostgreSQL's lexical rules: a text becomes tokens with their offsets, whatever the statement is.

Follows scan.l: nested comments, dollar quotes, E'', U&'', B'', X'', N'' strings and their continuation over a newline,
`$n`, and operators that end before a comment. A plain '' string is read with standard_conforming_strings on.
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from pgtune_cli.errors import PgtuneError


def folded(name: str) -> str:
    """An unquoted identifier as PostgreSQL stores it: of several bytes a letter, only ASCII is folded."""
    return name.lower() if name.isascii() else "".join(one.lower() if one.isascii() else one for one in name)


class TokenKind(StrEnum):
    WORD = "word"
    """an unquoted identifier or a keyword."""
    QUOTED = "quoted"
    """an identifier in double quotes, U&"" included."""
    STRING = "string"
    """a constant of any quoting, its continuation lines included."""
    NUMBER = "number"
    PARAMETER = "parameter"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    """one of ( ) [ ] , ; . : :: := => .. or a character that PostgreSQL does not know."""
    COMMENT = "comment"
    SPACE = "space"


class Token(msgspec.Struct, frozen=True, gc=False):
    """`text` is the source between the character offsets `start` and `end`, as it stands there."""

    kind: TokenKind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """an unquoted word or keyword, folded; '' for anything else."""
        return folded(self.text) if self.kind is TokenKind.WORD else ""

    @property
    def name(self) -> str | None:
        """the name an identifier stands for: folded, or unquoted; None for other tokens."""
        if self.kind is TokenKind.WORD:
            return folded(self.text)
        if self.kind is TokenKind.QUOTED and self.text[0] == '"':
            return self.text[1:-1].replace('""', '"')
        return None

    @property
    def number(self) -> int | None:
        """the n of `$n`."""
        return int(self.text[1:]) if self.kind is TokenKind.PARAMETER else None


class TruncatedText(PgtuneError):
    """A string, identifier, dollar quote or comment has no end. `tokens` are those before it."""

    def __init__(self, position: int, tokens: tuple[Token, ...]) -> None:
        super().__init__(f"the text ends within the token that starts at character {position + 1}")
        self.position = position
        self.tokens = tokens


KEPT_LENGTH = 10_000
"""characters of a text whose tokens are kept for a while."""
_SPACE = r"[ \t\n\r\f\v]+"
_CONTINUED = r"(?:[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'{body})*"
_PLAIN = r"(?:[^']|'')*+'"
_ESCAPED = r"(?:[^'\\]|\\.|'')*+'"
_WORD_START = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""(?P<space>{_SPACE})
    |(?P<line>--[^\n\r]*)
    |(?P<block>/\*)
    |(?P<string>[eE]'{_ESCAPED}{_CONTINUED.format(body=_ESCAPED)}
        |(?:[bBxXnN]|[uU]&)?'{_PLAIN}{_CONTINUED.format(body=_PLAIN)})
    |(?P<quoted>(?:[uU]&)?"(?:[^"]|"")*+")
    |(?P<dollar>\$(?:[{_WORD_START}][{_WORD_START}0-9]*)?\$)
    |(?P<parameter>\$[0-9]+)
    |(?P<open>(?:[eEbBxXnN]|[uU]&)?'|(?:[uU]&)?")
    |(?P<word>[{_WORD_START}][{_WORD_START}0-9$]*)
    |(?P<number>0[xX](?:_?[0-9A-Fa-f])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+
        |(?:[0-9](?:_?[0-9])*(?:\.(?!\.)(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?)
    |(?P<punctuation>::|:=|=>|\.\.|[()\[\],;.:])
    |(?P<operator>[-+*/<>=~!@\#%^&|`?]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_KINDS = {
    "space": TokenKind.SPACE,
    "line": TokenKind.COMMENT,
    "string": TokenKind.STRING,
    "quoted": TokenKind.QUOTED,
    "parameter": TokenKind.PARAMETER,
    "word": TokenKind.WORD,
    "number": TokenKind.NUMBER,
    "punctuation": TokenKind.PUNCTUATION,
    "other": TokenKind.PUNCTUATION,
}
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_KEEPS_SIGN = frozenset("~!@#^&|`?%")


def lex(text: str) -> list[Token]:
    """All tokens of a text; joined they are the text. Raises TruncatedText."""
    return list(_kept(text)) if len(text) <= KEPT_LENGTH else _lex(text)


@lru_cache(maxsize=64)
def _kept(text: str) -> tuple[Token, ...]:
    """The statement at hand is asked about from many places."""
    return tuple(_lex(text))


def _lex(text: str) -> list[Token]:
    found: list[Token] = []
    position, size = 0, len(text)
    while position < size:
        match = _TOKEN.match(text, position)
        assert match is not None  # `other` takes any character
        group = str(match.lastgroup)
        kind = _KINDS.get(group)
        if kind is None:
            kind, end = _bounded(text, position, group, match)
            if end is None:
                raise TruncatedText(position, tuple(found))
        else:
            end = match.end()
        found.append(Token(kind, text[position:end], position, end))
        position = end
    return found


def next_backslash(text: str, position: int) -> int | None:
    """The offset of the next one that is in no string, name or comment; `position` is between two tokens."""
    while text.find("\\", position) >= 0:
        match = _TOKEN.match(text, position)
        assert match is not None
        group = str(match.lastgroup)
        if group == "other" and match.group() == "\\":
            return position
        end = match.end() if group in _KINDS else _bounded(text, position, group, match)[1]
        if end is None:
            return None
        position = end
    return None


def tokens(text: str) -> list[Token]:
    """The tokens of a text without spaces and comments. Raises TruncatedText."""
    return significant(lex(text))


def squeezed(text: str) -> str:
    """In lower case, without spaces and comments: to be looked at by its beginning or end."""
    try:
        return "".join(token.text for token in tokens(text)).lower()
    except TruncatedText:
        return "".join(text.split()).lower()


def significant(found: list[Token] | tuple[Token, ...]) -> list[Token]:
    """Those that are neither space nor comment."""
    return [token for token in found if token.kind not in (TokenKind.SPACE, TokenKind.COMMENT)]


def _bounded(text: str, position: int, group: str, match: re.Match[str]) -> tuple[TokenKind, int | None]:
    """Kind and end of a token whose end the pattern alone does not tell."""
    if group == "operator":
        return TokenKind.OPERATOR, position + _operator_length(match.group())
    if group == "block":
        return TokenKind.COMMENT, _comment_end(text, position)
    if group == "dollar":
        end = text.find(match.group(), match.end())
        return TokenKind.STRING, None if end < 0 else end + len(match.group())
    return TokenKind.STRING, None  # open


def _operator_length(run: str) -> int:
    """An operator ends before `--` and `/*`, and keeps a trailing + or - only beside certain characters."""
    starts = [at for at in (run.find("--"), run.find("/*")) if at > 0]
    run = run[: min(starts)] if starts else run
    while len(run) > 1 and run[-1] in "+-" and not _KEEPS_SIGN & set(run):
        run = run[:-1]
    return len(run)


def _comment_end(text: str, position: int) -> int | None:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, position):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None

"""How a keyset pagination looks in an application: SQLAlchemy and Django, short enough to be read.

The texts run as they are (but for the imports of one's own project): tests do so with the real libraries.
"""

import re
from collections.abc import Callable, Sequence

import msgspec

from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_pages import Page
from pgtune_cli.rewrite.parameters import replaced
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, lex

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class PageSize(msgspec.Struct, frozen=True):
    default: int = 50
    maximum: int = 1000


def sketches(keyset: Keyset, pages: Sequence[Page], limit_parameter: int | None, size: PageSize) -> dict[str, str]:
    """By library; empty where the cursor is not among the result columns or the page size is not a parameter."""
    columns = [key.output for key in keyset.keys]
    if keyset.nested or limit_parameter is None or any(name is None or not NAME.match(name) for name in columns):
        return {}
    forward = [page for page in pages if not page.variant.backwards]
    return {
        "sqlalchemy": _sqlalchemy(keyset, forward, limit_parameter, size),
        "django": _django(keyset, forward, limit_parameter, size),
    }


def _sqlalchemy(keyset: Keyset, pages: Sequence[Page], limit: int, size: PageSize) -> str:
    texts = _texts(pages, limit, lambda name: f":{name} ", _escape_colons, "text({})")
    return f"""from sqlalchemy import text

PAGE_SIZE, MAX_PAGE_SIZE = {size.default}, {size.maximum}
{texts}

def page(session, params=None, after=None, size=PAGE_SIZE):
    \"\"\"(rows, cursor of the next page or None). `params`: {_told(pages, limit)}.\"\"\"
    size = min(size, MAX_PAGE_SIZE)
    bound = dict(params or {{}}, size=size + 1)
    statement = FIRST
    if after is not None:
        statement = NEXT[tuple(value is None for value in after)]
        bound |= {{f"key{{n}}": value for n, value in enumerate(after, 1) if value is not None}}
    rows = session.execute(statement, bound).all()
    more, rows = len(rows) > size, rows[:size]
    last = ({_attributes(keyset, "rows[-1].{}")},) if more else None
    return rows, last and tuple(None if value is None else str(value) for value in last)
"""


def _django(keyset: Keyset, pages: Sequence[Page], limit: int, size: PageSize) -> str:
    texts = _texts(pages, limit, lambda name: f"%({name})s", lambda text: text.replace("%", "%%"), "{}")
    return f"""from django.db import connection

PAGE_SIZE, MAX_PAGE_SIZE = {size.default}, {size.maximum}
{texts}

def page(params=None, after=None, size=PAGE_SIZE):
    \"\"\"(rows as dicts, cursor of the next page or None). `params`: {_told(pages, limit)}.\"\"\"
    size = min(size, MAX_PAGE_SIZE)
    bound = dict(params or {{}}, size=size + 1)
    statement = FIRST
    if after is not None:
        statement = NEXT[tuple(value is None for value in after)]
        bound |= {{f"key{{n}}": value for n, value in enumerate(after, 1) if value is not None}}
    with connection.cursor() as cursor:
        cursor.execute(statement, bound)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor.fetchall()]
    more, rows = len(rows) > size, rows[:size]
    last = ({_attributes(keyset, "rows[-1][{!r}]")},) if more else None
    return rows, last and tuple(None if value is None else str(value) for value in last)
"""


def _attributes(keyset: Keyset, template: str) -> str:
    return ", ".join(template.format(str(key.output)) for key in keyset.keys)


def _told(pages: Sequence[Page], limit: int) -> str:
    numbers = sorted({number for page in pages for number in page.sources if number > 0 and number != limit})
    return ", ".join(f"p{number} (${number} of the original)" for number in numbers) or "none"


def _texts(
    pages: Sequence[Page], limit: int, mark: Callable[[str], str], escape: Callable[[str], str], wrap: str
) -> str:
    """FIRST, and NEXT by which keys of the cursor are NULL."""
    lines = []
    variants = []
    for page in pages:
        quoted = wrap.format(_python_text(_marked(page, limit, mark, escape)))
        if page.variant.nulls is None:
            lines.append(f"FIRST = {quoted}")
        else:
            variants.append(f"    {page.variant.nulls!r}: {quoted},")
    return "\n".join([*lines, "NEXT = {", *variants, "}"])


def _marked(page: Page, limit: int, mark: Callable[[str], str], escape: Callable[[str], str]) -> str:
    """The statement with the library's marks for its parameters."""

    def name(number: int) -> str:
        source = page.sources[number - 1]
        return "size" if source in (0, limit) else f"p{source}" if source > 0 else f"key{-source}"

    stand_in = "\x00{}\x01"
    marked = escape(replaced(page.statement.sql, lambda number: stand_in.format(name(number))))
    return re.sub("\x00(\\w+)\x01", lambda match: mark(match[1]), marked)


def _escape_colons(text: str) -> str:
    """SQLAlchemy takes `:name` for a parameter anywhere but behind another colon; a backslash prevents it."""
    edits = []
    for token in lex(text.replace("\x00", " ").replace("\x01", " ")):
        if token.kind in (TokenKind.STRING, TokenKind.QUOTED, TokenKind.COMMENT) and ":" in token.text:
            edits.append(Edit(token.start, token.end, token.text.replace(":", "\\:")))
        elif token.text == ":":
            edits.append(Edit(token.start, token.end, "\\:"))
    return apply_edits(text, edits)


def _python_text(text: str) -> str:
    """A string of Python, over several lines where the statement has them."""
    if "\\" in text or '"""' in text or text.endswith('"') or (not text.isprintable() and "\n" not in text):
        return repr(text)
    return f'"""{text}"""'

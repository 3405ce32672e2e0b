"""What is read off the text of a sort key: its name, its collation, whether a condition may hold it as it is."""

from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.lex import TruncatedText, tokens

_BUILTIN_COLLATIONS = {
    "C",
    "POSIX",
    "ucs_basic",
    "default",
    "unicode",
    "en-x-icu",
    "und-x-icu",
    "C.UTF-8",
    "en_US.utf8",
}


def plain_name(text: str) -> list[str] | None:
    """[name] or [table, name] of a plain column reference, what follows a sort key left out."""
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    names = [token.name for token in found]
    ends = {"asc", "desc", "nulls", "collate", "using"}
    if not found or names[0] is None:
        return None
    if len(found) == 1 or found[1].word in ends:
        return [names[0]]
    if len(found) >= 3 and found[1].text == "." and names[2] is not None and (len(found) == 3 or found[3].word in ends):
        return [names[0], names[2]]
    return None


def ends_in(expression: str | None, name: str) -> bool:
    names = plain_name(expression) if expression is not None else None
    return names is not None and names[-1] == name


def needs_parentheses(text: str) -> bool:
    """Not a plain call or name: an operator in it might bind otherwise in the condition."""
    found = tokens(text)
    depth = 0
    for token in found:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if depth == 0 and (
            token.kind == "operator" or token.word in ("and", "or", "not", "is", "in", "like", "between")
        ):
            return True
    return False


def is_row(text: str) -> bool:
    """`(a, b)` or `ROW(a, b)`."""
    found = tokens(text)
    whole = Brackets(found).partner.get(0) == len(found) - 1
    return found[0].word == "row" or (whole and len(split_at_commas(found, 1, len(found) - 1)) > 1)


def inside(text: str) -> str:
    """What stands between the first and the last parenthesis."""
    return text[text.find("(") + 1 : text.rfind(")")]


def collation_text(text: str) -> str | None:
    """The collation as written, quotes and schema included."""
    found = tokens(text)
    at = next((at for at, token in enumerate(found) if token.word == "collate"), None)
    if at is None or at + 1 >= len(found):
        return None
    end = at + 1
    while end + 2 < len(found) and found[end + 1].text == ".":
        end += 2
    return text[found[at + 1].start : found[end].end]


def bare_collation(text: str) -> str:
    names = [token.name for token in tokens(text) if token.name is not None]
    # one without a schema may be anybody's: only those that PostgreSQL brings along are known to be deterministic
    known = len(names) == 1 and names[0] in _BUILTIN_COLLATIONS
    return ".".join(names) if len(names) > 1 else f"pg_catalog.{names[0]}" if known else f"?.{names[0]}"

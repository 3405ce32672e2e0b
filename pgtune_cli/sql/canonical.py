"""The form of a statement that its fingerprint is made of."""

from collections.abc import Sequence

from pgtune_cli.sql.brackets import Brackets, TokenBlock, token_blocks
from pgtune_cli.sql.from_items import FromItem, from_items
from pgtune_cli.sql.keywords import RESERVED
from pgtune_cli.sql.lex import Token, TokenKind
from pgtune_cli.sql.literals import CONSTANT_KINDS, is_null_or_boolean, kept_numbers
from pgtune_cli.sql.output_aliases import output_aliases
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.repair import typed_constants

CONSTANT = "?"
_NOISE = frozenset(["as", "asc", "outer", "inner"])
_OPERANDS = frozenset(
    [
        *("end", "null", "true", "false", "current_date", "current_time", "current_timestamp", "current_user"),
        *("localtime", "localtimestamp", "session_user", "user", "default"),
    ]
)
_LISTS = frozenset(["in", "array", "values"])


def canonical(found: Sequence[Token]) -> str:
    """Tokens joined by spaces, each in the one form that stands for all its spellings."""
    while found and found[-1].text == ";":
        found = found[:-1]
    words = [_plain(token) for token in found]
    _name_tables(found, words)
    _fold_constants(found, words)
    _fold_casts(found, words)
    kept = [word for word in words if word]
    return " ".join(_shorten_lists(kept))


def _plain(token: Token) -> str:
    """Unquoted words folded; needless quotes gone; `<>` for `!=`."""
    if token.kind is TokenKind.WORD:
        name = token.word if token.text.isascii() else quote_identifier(token.word)
        return "" if name in _NOISE else name
    if token.kind is TokenKind.QUOTED:
        return token.text if token.name is None else quote_identifier(token.name)
    return "<>" if token.text == "!=" else token.text


def _name_tables(found: Sequence[Token], words: list[str]) -> None:
    """Tables become t1, t2, … by appearance, in FROM and in front of columns; `public.` goes."""
    for at in range(len(found) - 2):
        if found[at].name in ("public", "pg_catalog") and found[at + 1].text == "." and not _after_dot(found, at):
            words[at] = words[at + 1] = ""
    brackets = Brackets(found)
    blocks = token_blocks(found, brackets)
    items = from_items(found, brackets, blocks)
    names = {id(item): f"t{number}" for number, item in enumerate(items, start=1)}
    alone = len(items) == 1
    definitions = {item.alias for item in items}
    for item in items:
        if item.alias is not None:
            words[item.alias] = ""
        words[item.end] += f" {names[id(item)]}"
    for at, token in enumerate(found):
        if at in definitions or token.name is None or not _qualifies(found, at):
            continue
        seen = _visible(items, blocks, at, token.name)
        if seen is not None and at != seen.end:
            words[at] = names[id(seen)]
            if alone and found[at + 1 : at + 2] != [] and found[at + 1].text == "." and not _counts_rows(found, at):
                words[at] = words[at + 1] = ""
    for at, word in output_aliases(found, brackets, blocks).items():
        words[at] = word


def _after_dot(found: Sequence[Token], at: int) -> bool:
    return at > 0 and found[at - 1].text == "."


def _qualifies(found: Sequence[Token], at: int) -> bool:
    """`t.` in front of a column, or FOR UPDATE OF t."""
    if _after_dot(found, at):
        return False
    if at + 1 < len(found) and found[at + 1].text == ".":
        return not (at + 3 < len(found) and found[at + 3].text in (".", "(") and found[at + 2].text != "*")
    return at > 1 and found[at - 1].word == "of" and found[at - 2].word in ("update", "share")


def _counts_rows(found: Sequence[Token], at: int) -> bool:
    """`count(t.*)` is not `count(*)`."""
    return at > 0 and found[at - 1].text == "(" and found[at + 2 : at + 3] != [] and found[at + 2].text == "*"


def _visible(items: list[FromItem], blocks: Sequence[TokenBlock], at: int, name: str) -> FromItem | None:
    """The item of that name in the innermost block around token `at`."""
    best: FromItem | None = None
    for item in items:
        block = blocks[item.block]
        if item.name == name and block.start <= at < block.end:
            inner = best is None or block.start >= blocks[best.block].start
            best = item if inner else best
    return best


def _fold_constants(found: Sequence[Token], words: list[str]) -> None:
    """Constants and parameters, with their sign and a typed literal's type, are one word."""
    kept = kept_numbers(found)
    for at, token in enumerate(found):
        if (token.kind in CONSTANT_KINDS and at not in kept) or is_null_or_boolean(found, at):
            words[at] = CONSTANT
            if at and found[at - 1].text in ("-", "+") and _is_sign(found, at - 1):
                words[at - 1] = ""
        elif token.word == "from" and at > 1 and [t.word or t.text for t in found[at - 3 : at - 1]] == ["extract", "("]:
            words[at - 1] = CONSTANT  # pg_stat_statements takes `year` in extract(year from x) for a constant
    for start, constant, end in typed_constants(found):
        kind = " ".join(word for word in words[start:constant] if word)
        unit = " ".join(word for word in words[constant + 1 : end + 1] if word)
        words[start : end + 1] = ["", *[""] * (end - start)]
        words[constant] = f"{CONSTANT} :: {kind} {unit}".rstrip()


def _is_sign(found: Sequence[Token], at: int) -> bool:
    """Nothing that ends an operand stands in front of the + or -."""
    if at == 0:
        return True
    before = found[at - 1]
    if before.kind in CONSTANT_KINDS or before.kind is TokenKind.QUOTED or before.text in (")", "]"):
        return False
    return before.kind is not TokenKind.WORD or (before.word in RESERVED and before.word not in _OPERANDS)


def _fold_casts(found: Sequence[Token], words: list[str]) -> None:
    """CAST(x AS t) is written x :: t."""
    brackets = Brackets(found)
    for at in range(len(found) - 1):
        close = brackets.partner.get(at + 1)
        if found[at].word != "cast" or found[at + 1].text != "(" or close is None:
            continue
        inner = [place for place in range(at + 2, close) if brackets.depth[place] == brackets.depth[at] + 1]
        ases = [place for place in inner if found[place].word == "as"]
        if not ases:
            continue
        simple = all(
            found[place].name is not None or found[place].text == "." or words[place] in (CONSTANT, "")
            for place in range(at + 2, ases[-1])
        )
        words[at] = ""
        words[at + 1] = "" if simple else "("
        words[ases[-1]] = ":: " if simple else ") ::"
        words[close] = ""
        words[ases[-1]] = words[ases[-1]].strip()


def _shorten_lists(words: list[str]) -> list[str]:
    """`in ( ? , ? )` is `in ( ? )`; rows of VALUES likewise. Elements must be equal and hold a constant."""
    flat = " ".join(words).split(" ")
    result: list[str] = []
    at = 0
    while at < len(flat):
        result.append(flat[at])
        at += 1
        if flat[at - 1] in ("in", "array") and at < len(flat) and flat[at] in ("(", "["):
            result.append(flat[at])
            element, at = _repeated(flat, at + 1)
            result += element
        elif flat[at - 1] == "values":
            element, at = _repeated(flat, at)
            result += element
    return result


def _repeated(flat: list[str], start: int) -> tuple[list[str], int]:
    """The first element and where the rest goes on behind those that repeat it; nothing when they differ."""
    first, at = _element(flat, start)
    if CONSTANT not in first:
        return [], start
    after_first = at
    while at < len(flat) and flat[at] == ",":
        element, end = _element(flat, at + 1)
        if element != first:
            return [], start
        at = end
    return (first, at) if at > after_first or at == after_first else ([], start)


def _element(flat: list[str], start: int) -> tuple[list[str], int]:
    depth = 0
    for at in range(start, len(flat)):
        word = flat[at]
        if depth == 0 and word in (",", ")", "]", "on", "returning"):
            return flat[start:at], at
        depth += (word in ("(", "[")) - (word in (")", "]"))
    return flat[start:], len(flat)

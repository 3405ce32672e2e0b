"""Equal expressions of the select list and of GROUP BY, ORDER BY or DISTINCT ON, given equal constants."""

from collections.abc import Iterator, Sequence

from pgtune_cli.sql.brackets import Brackets, split_at_commas
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import Token, TokenKind
from pgtune_cli.sql.literals import CONSTANT_KINDS


def unified(found: Sequence[Token]) -> list[Edit]:
    """Gives equal expressions of the select list and of GROUP BY, ORDER BY or DISTINCT ON equal constants.

    pg_stat_statements numbers each constant for itself, or replaces only the first: `f($1, c) … GROUP BY f($2, c)`,
    `f($1, c) … GROUP BY f('day', c)`. A constant that is still there is taken for the parameter.
    """
    edits: dict[int, Edit] = {}
    for start, end in _list_items(found):
        form = [_form(token) for token in found[start:end]]
        if "$" not in form or len(form) < 2:
            continue
        places = [at for at in range(len(found) - len(form) + 1) if _same_form(found, at, form)]
        for offset in (offset for offset, word in enumerate(form) if word == "$"):
            tokens_there = [found[at + offset] for at in places]
            model = min(tokens_there, key=lambda token: token.kind is TokenKind.PARAMETER)
            for token in tokens_there:
                if token.kind is TokenKind.PARAMETER and token.text != model.text:
                    edits.setdefault(token.start, Edit(token.start, token.end, model.text))
    return list(edits.values())


def _same_form(found: Sequence[Token], at: int, form: list[str]) -> bool:
    return all(_form(token) == word for token, word in zip(found[at : at + len(form)], form, strict=True))


def _form(token: Token) -> str:
    if token.kind in CONSTANT_KINDS:
        return "$"
    return token.word or token.text


def _list_items(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Items of every GROUP BY and ORDER BY, without ASC, DESC and NULLS."""
    stops = frozenset(["limit", "offset", "fetch", "for", "having", "window", "union", "order", "intersect", "except"])
    brackets = Brackets(found)
    for at, token in enumerate(found):
        if token.word != "by" or found[at - 1].word not in ("group", "order", "partition"):
            continue
        end, depth = at + 1, 0
        while end < len(found) and not (depth == 0 and (found[end].word in stops or found[end].text == ")")):
            depth += (found[end].text in ("(", "[")) - (found[end].text in (")", "]"))
            end += 1
        for start, stop in split_at_commas(found, at + 1, end):
            while stop > start and found[stop - 1].word in ("asc", "desc", "nulls", "first", "last"):
                stop -= 1
            yield from _with_sets(found, start, stop, brackets)


def _with_sets(found: Sequence[Token], start: int, stop: int, brackets: Brackets) -> Iterator[tuple[int, int]]:
    """The item; or those within it where it is `rollup (…)`, `cube (…)`, `grouping sets (…)` or a set of its own."""
    opening = start
    while opening < stop and found[opening].word in ("distinct", "grouping", "sets", "rollup", "cube", "all"):
        opening += 1
    if opening < stop and found[opening].text == "(" and brackets.partner.get(opening) == stop - 1:
        for first, last in split_at_commas(found, opening + 1, stop - 1):
            yield from _with_sets(found, first, last, brackets)
    else:
        yield opening, stop

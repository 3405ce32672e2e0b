"""Literals out of the expressions that EXPLAIN prints.

`(status = 'paid'::text)` becomes `(status = ?::text)`. Names, casts, parameters, the numbers of a type
(`numeric(10,2)`) and those that name a subplan (`SubPlan 1`) stay; comments (of a foreign server's SQL) go.
"""

from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex, significant

SECOND_WORDS = {"varying", "precision"}
SUBPLANS = {"subplan", "initplan"}


def redact(text: str) -> str:
    """The text with every constant as `?`; `?` alone when it cannot be read as SQL."""
    try:
        all_tokens = lex(text)
    except TruncatedText:
        return "?"
    kept = _numbers_that_stay(significant(all_tokens))
    return "".join(_replacement(token, kept) for token in all_tokens)


def _replacement(token: Token, kept: set[int]) -> str:
    if token.kind is TokenKind.COMMENT:
        return ""
    literal = token.kind is TokenKind.STRING or (token.kind is TokenKind.NUMBER and token.start not in kept)
    return "?" if literal else token.text


def _numbers_that_stay(found: list[Token]) -> set[int]:
    """Offsets of the numbers within a type after `::`, or after SubPlan and InitPlan."""
    kept: set[int] = set()
    for place, token in enumerate(found):
        if token.kind is TokenKind.NUMBER and place and found[place - 1].word in SUBPLANS:
            kept.add(token.start)
        if token.text == "::":
            kept.update(number.start for number in _type_modifier(found, place + 1))
    return kept


def _type_modifier(found: list[Token], place: int) -> list[Token]:
    """The numbers of `type(…)`, `schema.type(…)`, `character varying(…)`; the parenthesis must touch the name."""
    while place + 2 < len(found) and found[place + 1].text == ".":
        place += 2
    if place + 1 < len(found) and found[place + 1].word in SECOND_WORDS:
        place += 1
    opening = place + 1
    if opening >= len(found) or found[opening].text != "(" or found[opening].start != found[place].end:
        return []
    numbers: list[Token] = []
    for token in found[opening + 1 :]:
        if token.text == ")":
            return numbers
        if token.kind is TokenKind.NUMBER:
            numbers.append(token)
        elif token.kind is not TokenKind.WORD and token.text not in {",", "-"}:
            return []
    return []

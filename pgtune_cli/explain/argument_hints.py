"""Parameters that are words of a function's own, which no column tells: the field of date_trunc, a zone, a format."""

from collections.abc import Sequence

from pgtune_cli.sql.lex import Token, TruncatedText, tokens

HINTS: dict[tuple[str, int], str] = {
    ("date_trunc", 0): "day",
    ("date_trunc", 2): "UTC",
    ("date_part", 0): "day",
    ("extract", 0): "day",
    ("timezone", 0): "UTC",
    ("to_char", 1): "YYYY-MM-DD",
    ("to_date", 1): "YYYY-MM-DD",
    ("to_timestamp", 1): "YYYY-MM-DD",
    ("to_number", 1): "999999",
    ("encode", 1): "hex",
    ("decode", 1): "hex",
    ("regexp_replace", 3): "g",
    ("regexp_matches", 2): "g",
    ("regexp_match", 2): "i",
    ("to_tsvector", 0): "simple",
    ("to_tsquery", 0): "word",
    ("plainto_tsquery", 0): "word",
    ("websearch_to_tsquery", 0): "word",
    ("phraseto_tsquery", 0): "word",
    ("string_to_array", 1): ",",
    ("string_agg", 1): ",",
    ("array_to_string", 1): ",",
    ("split_part", 1): ",",
    ("current_setting", 0): "TimeZone",
    ("format", 0): "%s",
    ("digest", 1): "md5",
    ("decode", 0): "00",
    ("json", 0): "{}",
    ("regexp_like", 2): "i",
    ("regexp_count", 3): "i",
    ("regexp_substr", 4): "i",
    ("regexp_instr", 5): "i",
    ("date_add", 2): "UTC",
    ("date_subtract", 2): "UTC",
    **{(f"{kind}range", 2): "[)" for kind in ("int4", "int8", "num", "date", "ts", "tstz")},
}
LAST = max(position for _, position in HINTS)
WITH_CONFIGURATION = {"to_tsquery", "plainto_tsquery", "websearch_to_tsquery", "phraseto_tsquery"}


def argument_hints(sql: str) -> dict[int, str]:
    """Values for the parameters that stand alone as such an argument, by number."""
    try:
        found = tokens(sql)
    except TruncatedText:
        return {}
    hints: dict[int, str] = {}
    for at, token in enumerate(found):
        if token.number is None:
            continue
        value = "UTC" if _words(found, at - 3, at) == ["at", "time", "zone"] else _hint(found, at)
        if value is not None:
            hints.setdefault(token.number, value)
    return hints


def null_tests(sql: str) -> frozenset[int]:
    """Numbers of the parameters that the text asks to be NULL or not: `$1::text IS NULL OR name = $1`."""
    try:
        found = tokens(sql)
    except TruncatedText:
        return frozenset()
    return frozenset(
        token.number for at, token in enumerate(found) if token.number is not None and _is_tested(found, at + 1)
    )


def _is_tested(found: Sequence[Token], at: int) -> bool:
    while at + 1 < len(found) and (found[at].text in ("::", ")", "[", "]", ".") or found[at - 1].text in ("::", ".")):
        at += 1
    behind = [token.word for token in found[at : at + 3]]
    return behind[:2] == ["is", "null"] or behind == ["is", "not", "null"]


def _words(found: Sequence[Token], start: int, end: int) -> list[str]:
    return [token.word for token in found[max(start, 0) : end]]


def _hint(found: Sequence[Token], at: int) -> str | None:
    """Back to the parenthesis that the parameter stands in, counting commas; casts and its own brackets may follow."""
    before = at - 1
    while before >= 0 and found[before].text == "(" and not _is_name(found, before - 1):
        before -= 1  # ($1::text)
    position, depth = 0, 0
    if before >= 0 and found[before].text not in ("(", ","):
        return None
    while before >= 0 and position <= LAST:  # lists of many thousands are no arguments
        text = found[before].text
        depth += (text == ")") - (text == "(")
        if depth < 0:
            return _of_function(found, before - 1, position)
        position += depth == 0 and text == ","
        before -= 1
    return None


def _has_comma(found: Sequence[Token], at: int) -> bool:
    """Whether another argument follows."""
    depth = 0
    while at < len(found) and depth >= 0:
        if depth == 0 and found[at].text == ",":
            return True
        depth += (found[at].text in ("(", "[")) - (found[at].text in (")", "]"))
        at += 1
    return False


def _is_name(found: Sequence[Token], at: int) -> bool:
    return at >= 0 and found[at].name is not None


def _of_function(found: Sequence[Token], at: int, position: int) -> str | None:
    name = found[at].name if at >= 0 else None
    if name is None:
        return None
    if name in WITH_CONFIGURATION and position == 0:
        return "simple" if _has_comma(found, at + 2) else "word"
    return HINTS.get((name, 0 if name in WITH_CONFIGURATION and position == 1 else position))

"""Statements whose text changed: a new one and one that is gone, so alike that one took the other's place."""

from collections import Counter
from collections.abc import Iterable

from pgtune_cli.model.comparison import BaselineStatement
from pgtune_cli.sql.canonical import canonical
from pgtune_cli.sql.lex import TruncatedText, lex, significant

ALIKE = 0.6
"""share of the words that both have (Dice)."""


def changed(new: Iterable[BaselineStatement], gone: Iterable[BaselineStatement]) -> dict[str, BaselineStatement]:
    """What each new statement takes the place of, by its fingerprint. The most alike pairs first, each used once.

    Both begin with the same word and have a table in common.
    """
    left = [(entry, _words(entry.query)) for entry in new]
    right = [(entry, _words(entry.query)) for entry in gone]
    scored = [
        (_likeness(words, old_words), entry.fingerprint, old)
        for entry, words in left
        for old, old_words in right
        if _comparable(entry, words, old, old_words)
    ]
    found: dict[str, BaselineStatement] = {}
    taken: set[str] = set()
    for score, fingerprint, old in sorted(scored, key=lambda one: (-one[0], one[1], one[2].fingerprint)):
        if score >= ALIKE and fingerprint not in found and old.fingerprint not in taken:
            found[fingerprint] = old
            taken.add(old.fingerprint)
    return found


def _comparable(
    entry: BaselineStatement, words: tuple[str, ...], old: BaselineStatement, old_words: tuple[str, ...]
) -> bool:
    return words[:1] == old_words[:1] and bool(set(entry.tables) & set(old.tables))


def _words(query: str) -> tuple[str, ...]:
    try:
        return tuple(canonical(significant(lex(query))).split())
    except TruncatedText as error:
        return tuple(canonical(significant(error.tokens)).split())


def _likeness(words: tuple[str, ...], others: tuple[str, ...]) -> float:
    if not words or not others:
        return 0.0
    common = (Counter(words) & Counter(others)).total()
    return 2 * common / (len(words) + len(others))

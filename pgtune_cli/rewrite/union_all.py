"""UNION becomes UNION ALL where there is nothing to remove: no row in both arms, and none twice in one."""

from collections.abc import Iterator

from pgtune_cli.rewrite.arms import apart, arm_key, mixed
from pgtune_cli.rewrite.keyset import Refusal
from pgtune_cli.rewrite.proposal import Found, Proposal
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.edits import Edit
from pgtune_cli.sql.lex import Token
from pgtune_cli.sql.shape_types import Block

KIND = "union_to_union_all"


def union_all(source: Source) -> Iterator[Found]:
    """For a UNION of two arms that is the whole statement."""
    if source.shape.set_operations != ("union",) or source.whole is None or not source.whole.set_operation:
        return
    arms = [block for block in source.shape.blocks if block.set_operation is not None]
    word = _word(source)
    if len(arms) != 2 or word is None:
        return
    yield _rewrite(source, arms, word)


def _word(source: Source) -> Token | None:
    found = [token for token in source.tokens if token.word == "union"]
    return found[0] if len(found) == 1 else None


def _rewrite(source: Source, arms: list[Block], word: Token) -> Found:
    places: set[int] = set()
    for arm in arms:
        key = arm_key(source, arm)
        if isinstance(key, Refusal):
            return key
        places |= set(key)
    found = apart(source, *arms)
    if found is None:
        return Refusal("overlap", "nothing says that no row is in both arms")
    if (refused := mixed(source, arms, sorted(places))) is not None:
        return refused
    return Proposal(
        edits=(Edit(word.end, word.end, " ALL"),),
        conditions=(f"the arms share no row: {found.why}", "each arm returns a unique key"),
        possible="pg_stat_statements hides the constants: right only where they differ" if found.hidden else None,
    )

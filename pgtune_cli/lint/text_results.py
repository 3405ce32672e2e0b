"""Facts of a statement's text: which rows come back, in what order, and under how many texts it is counted."""

import re
from collections import defaultdict

from pgtune_cli.lint.lazy import LazyFacts, fact
from pgtune_cli.lint.uniqueness import one_row
from pgtune_cli.lint.world import World
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.lex import TokenKind, TruncatedText, significant, squeezed, tokens
from pgtune_cli.sql.shape import Block, Shape

SHAPE, WORKLOAD = "shape", "workload"
RANDOM = ("random()", "gen_random_uuid()", "uuid_generate_v4()")
LIST_WORDS = {"in", "array", "values"}
LIST_WORD = re.compile(rf"\b(?:{'|'.join(sorted(LIST_WORDS))})\b", re.IGNORECASE)
CONSTANTS = {TokenKind.STRING, TokenKind.NUMBER, TokenKind.PARAMETER}


class TextBase(LazyFacts):
    """A statement and what its text does."""

    def __init__(self, world: World, statement: Statement) -> None:
        self.world, self.statement = world, statement

    def lost(self, name: str, error: Exception) -> None:
        why = f"its fact {name} could not be computed: {type(error).__name__}: {error}"
        self.world.skipped.append(Skipped(f"statement {self.statement.fingerprint}", why))

    @property
    def shape(self) -> Shape | None:
        return self.world.shape(self.statement)

    @property
    def outermost(self) -> Block | None:
        return self.shape.outermost if self.shape is not None else None

    @property
    def measured(self) -> bool:
        return self.world.measured and self.statement.calls > 0


class IdentityFacts(TextBase):
    @fact("its entries in pg_stat_statements")
    def queryids(self) -> tuple[str, ...]:
        return self.statement.queryids

    @fact("the roles that sent it")
    def roles(self) -> tuple[str, ...]:
        return self.statement.roles

    @fact("different texts that pg_stat_statements keeps of it: lists of other lengths, constants that it does not "
          "hide", need=WORKLOAD)  # fmt: skip
    def text_variants(self) -> float | None:
        return float(len(_texts(self.world).get(self.statement.fingerprint, ()))) if self.measured else None

    @fact("written to temporary files, in blocks", need=WORKLOAD)
    def temp_blks_written(self) -> float | None:
        return self.statement.temp_blks_written if self.measured else None

    @fact("why there is no plan of it; null when there is one")
    def not_explained(self) -> str | None:
        found = self.world.analysis.plans.get(self.statement.fingerprint)
        return found.not_explained if found is not None else None

    @fact("calls as a fraction of those of all statements", need=WORKLOAD)
    def share_of_calls(self) -> float | None:
        every = self.world.calls
        return self.statement.calls / every if self.measured and every else None

    @fact("constants or parameters of its longest list: IN (…), ARRAY[…], VALUES (…), …")
    def longest_list(self) -> float:
        texts = {self.statement.query, *self.statement.samples}
        return float(max(longest_list(text) for text in texts))


class ResultFacts(TextBase):
    @fact("it reads no table", need=SHAPE)
    def reads_no_table(self) -> bool | None:
        shape = self.shape
        return all(not block.tables for block in shape.blocks) and shape.target is None if shape is not None else None

    @fact("its outermost SELECT finds one row at most, by a unique key", need=SHAPE)
    def one_row(self) -> bool | None:
        block = self.outermost
        shape = self.shape
        return one_row(block, shape, self.world) if block is not None and shape is not None else None

    @fact("its outermost SELECT counts, sums or groups", need=SHAPE)
    def aggregated(self) -> bool | None:
        block = self.outermost
        return bool(block.aggregates or block.group_by or block.distinct) if block is not None else None

    @fact("it selects constants alone, to see whether a row is there", need=SHAPE)
    def asks_existence(self) -> bool | None:
        block = self.outermost
        if block is None:
            return None
        return not any(item.columns or item.column or item.star or item.aggregate for item in block.select)

    @fact("its outermost SELECT locks the rows: FOR UPDATE, FOR SHARE", need=SHAPE)
    def locking(self) -> bool | None:
        return self.outermost.locking if self.outermost is not None else None

    @fact("it sorts by a random value", need=SHAPE)
    def random_order(self) -> bool | None:
        if self.shape is None:
            return None
        keys = [key for block in self.shape.blocks for key in block.order_by] + list(self.shape.set_order_by)
        return any(squeezed(key.expression or "").endswith(RANDOM) for key in keys)


def _texts(world: World) -> dict[str, set[str]]:
    """The raw texts of each fingerprint."""
    if world.raw_texts is None:
        owner = {queryid: one.fingerprint for one in world.analysis.statements for queryid in one.queryids}
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in world.snapshot.workload.rows:
            if row.queryid in owner:
                found[owner[row.queryid]].add(" ".join(row.query.split()))
        world.raw_texts = found
    return world.raw_texts


def longest_list(text: str) -> int:
    """Constants of the longest list of a text; 0 without one. Nothing is parsed, so that no list is too long."""
    if not LIST_WORD.search(text):
        return 0
    try:
        found = tokens(text)
    except TruncatedText as error:
        found = significant(list(error.tokens))
    longest = count = depth = 0
    for at, token in enumerate(found):
        if depth == 0:
            opens = token.text in ("(", "[") and at and found[at - 1].word in LIST_WORDS
            depth, count = (1, 0) if opens else (0, 0)
            continue
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        count += token.kind in CONSTANTS
        if token.word in ("select", "with"):
            depth = count = 0
        # VALUES (…), (…): the list goes on behind a row
        if depth == 0 and token.text == ")" and at + 2 < len(found) and found[at + 1].text == ",":
            depth = found[at + 2].text == "("
        longest = max(longest, count)
    return longest

"""One statement as the rewriters see it: text, shape, catalog, and the questions that several of them ask."""

from functools import cached_property

from pgtune_cli.model.catalog import Catalog, Column
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.clauses import ClauseSpans, clauses, clauses_within
from pgtune_cli.sql.lex import Token, TruncatedText, tokens
from pgtune_cli.sql.nullability import not_null
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, ColumnRef, Shape, TableKind
from pgtune_cli.sql.uniqueness import TableKeys, Uniqueness
from pgtune_cli.sql.volatility import Volatility

Output = tuple[str | None, ColumnRef | None, str | None]
"""name, column and expression of a result column."""


class Source:
    """A statement's text with its shape under a catalog."""

    def __init__(self, text: str, shape: Shape, catalog: Catalog, volatility: Volatility | None = None) -> None:
        self.text = text
        self.shape = shape
        self.catalog = catalog
        self.volatility = volatility or Volatility(catalog)

    @cached_property
    def uniqueness(self) -> Uniqueness:
        return Uniqueness(TableKeys(self.catalog), self.shape.blocks)

    @cached_property
    def tokens(self) -> list[Token]:
        """Without spaces and comments; empty for a text that is cut off."""
        try:
            return tokens(self.text)
        except TruncatedText:
            return []

    @cached_property
    def makes_table(self) -> bool:
        """SELECT … INTO; the INTO of INSERT and MERGE in a WITH clause makes none."""
        words = [token.word for token in self.tokens]
        return any(word == "into" and words[at - 1] not in ("insert", "merge") for at, word in enumerate(words) if at)

    @cached_property
    def whole(self) -> ClauseSpans | None:
        """The clauses of the outermost SELECT, or of the whole set operation."""
        return clauses(self.text)

    def clauses(self, block: Block) -> ClauseSpans | None:
        """The clauses of one SELECT, wherever it stands."""
        return clauses_within(self.text, block.span) if block.span is not None else None

    def children(self, block: Block) -> tuple[Block, ...]:
        """The SELECTs directly and indirectly within."""
        within = {block.index}
        found = []
        for other in self.shape.blocks:
            if other.parent in within:
                within.add(other.index)
                found.append(other)
        return tuple(found)

    def volatile(self, block: Block) -> str | None:
        """A volatile function that the block or one within it calls."""
        blocks = (block, *self.children(block))
        return self.volatility.volatile(name for one in blocks for name in one.functions) or self._sampled(blocks)

    def _sampled(self, blocks: tuple[Block, ...]) -> str | None:
        """The method of a TABLESAMPLE that takes other rows each time."""
        found = self.tokens
        partner = Brackets(found).partner if any(token.word == "tablesample" for token in found) else {}
        for at, token in enumerate(found[:-2]):
            within = any(one.span is not None and one.span[0] <= token.start < one.span[1] for one in blocks)
            if token.word == "tablesample" and within:
                behind = partner.get(at + 2, len(found)) + 1
                if behind >= len(found) or found[behind].word != "repeatable":
                    return found[at + 1].name
        return None

    def column(self, reference: ColumnRef) -> Column | None:
        relation = self.catalog.relation(reference.relation)
        return relation.column(reference.column) if relation is not None else None

    def not_null(self, block: Block, reference: ColumnRef) -> bool:
        return not_null(block, reference, self.catalog, self.shape.blocks)

    def outputs(self, block: Block) -> list[Output] | None:
        """The result columns in order; None where a `*` cannot be told."""
        found: list[Output] = []
        for item in block.select:
            if not item.star:
                found.append((item.name, item.column, item.expression))
                continue
            if block.natural_join or any(pair.join is not None and pair.span is None for pair in block.joins):
                return None
            for table in block.tables:
                if item.star_of not in (None, table.alias):
                    continue
                names = self.uniqueness.columns(table)
                if not names:
                    return None
                relation = table.relation
                for name in names:
                    reference = ColumnRef(table.alias, relation, name) if relation is not None else None
                    found.append((name, reference, None if relation else f"{table.alias}.{name}"))
        return found

    def reads_only_tables(self, block: Block) -> bool:
        return bool(block.tables) and all(table.kind is TableKind.RELATION for table in block.tables)


def column_sql(reference: ColumnRef) -> str:
    """The column as its block may name it: with its table's alias."""
    return f"{quote_identifier(reference.alias)}.{quote_identifier(reference.column)}"


def same_text(one: str | None, other: str | None) -> bool:
    """The same tokens, parentheses around the whole left out."""
    if one is None or other is None:
        return False
    try:
        return _bare(tokens(one)) == _bare(tokens(other))
    except TruncatedText:
        return False


def _bare(found: list[Token]) -> list[str]:
    while len(found) > 2 and found[0].text == "(" and Brackets(found).partner.get(0) == len(found) - 1:
        found = found[1:-1]
    return [token.name or token.text for token in found]

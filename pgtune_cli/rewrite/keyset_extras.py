"""What else a list view asks for: how many rows there are, and page numbers where they must stay."""

import re

from pgtune_cli.model.rewrite import RewriteParameter, RewriteStatement
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.keyset import Form, Keyset
from pgtune_cli.rewrite.keyset_pages import Maker
from pgtune_cli.rewrite.keyset_predicate import order_by
from pgtune_cli.rewrite.parameters import last_parameter, renumber
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.clauses import clauses
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import TokenKind, TruncatedText, tokens
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import ColumnRef

CAP = 10_000
"""rows that a capped count counts: beyond, a page shows "more than 10,000"."""
_COUNT = re.compile(r"\s*select\s+(/\*.*?\*/\s*)?count\s*\(\s*(\*|1|\$\d+)\s*\)", re.IGNORECASE | re.DOTALL)


def companions(source: Source, statements: tuple[Statement, ...]) -> list[Statement]:
    """Statements of the workload that count what this one pages through: the same FROM and WHERE, without an order."""
    spans = source.whole
    if spans is None or spans.from_ is None:
        return []
    wanted = _shared_text(source.text)
    return [one for one in statements if _COUNT.match(one.query) and _shared_text(one.query) == wanted]


def _shared_text(text: str) -> list[str] | None:
    """The tokens of FROM, WHERE, GROUP BY and HAVING, whatever the numbers of the parameters."""
    spans = clauses(text)
    if spans is None or spans.from_ is None or (spans.set_operation):
        return None
    parts = [
        text[slice(*span)] for span in (spans.from_, spans.where, spans.group_by, spans.having) if span is not None
    ]
    try:
        found = [token for part in parts for token in tokens(part)]
    except TruncatedText:
        return None
    hidden = (TokenKind.PARAMETER, TokenKind.NUMBER, TokenKind.STRING)
    return ["?" if token.kind in hidden else token.name or token.text for token in found]


def capped_count(source: Source, keyset: Keyset, types: tuple[str, ...]) -> RewriteStatement | None:
    """A count that stops: `SELECT count(*) FROM (SELECT 1 … LIMIT 10001)`."""
    spans = source.clauses(keyset.block)
    if keyset.form is not Form.PLAIN or keyset.nested or spans is None or spans.from_ is None or spans.group_by:
        return None
    if keyset.block.distinct:
        return None
    clause = [source.text[slice(*span)] for span in (spans.from_, spans.where) if span is not None]
    prefix = source.text[: spans.body[0]]
    sql, numbers = renumber(f"{prefix}SELECT count(*) FROM (SELECT 1 {' '.join(clause)} LIMIT {CAP + 1}) AS capped")
    return RewriteStatement(
        role="count",
        when=f"{CAP + 1:,} means more than {CAP:,}",
        sql=sql,
        parameters=_parameters(numbers, types),
    )


def deferred_join(source: Source, keyset: Keyset, maker: Maker, types: tuple[str, ...]) -> RewriteStatement | None:
    """Page numbers stay: the rows are skipped by their keys alone, and only those of the page are read whole."""
    spans, block = source.clauses(keyset.block), keyset.block
    plain = keyset.form is Form.PLAIN and not keyset.nested and not (block.group_by or block.distinct)
    if not plain or spans is None or spans.from_ is None or len(block.tables) != 1 or block.tables[0].relation is None:
        return None
    table = block.tables[0]
    # IN finds no NULL, which a key with NULLS NOT DISTINCT may hold
    relation = block.tables[0].relation
    keys = source.uniqueness.keys_of(table)
    named = [key for key in keys if all(source.not_null(block, ColumnRef(table.alias, relation, name)) for name in key)]
    key = next(iter(named), None)
    if key is None or spans.limit is None or spans.offset is None:
        return None
    alias = quote_identifier(table.alias)
    columns = ", ".join(f"{alias}.{quote_identifier(name)}" for name in key)
    text = source.text
    parts = [spans.from_, spans.where]
    body = " ".join(text[slice(*span)] for span in parts if span is not None)
    tail = " ".join(text[slice(*span)] for span in sorted((spans.limit, spans.offset)))
    inner = f"SELECT {columns} {body} ORDER BY {order_by(keyset.keys)} {tail}"
    left = f"({columns})" if len(key) > 1 else columns
    edits = [Edit(spans.from_[1], spans.where[1] if spans.where else spans.from_[1], f" WHERE {left} IN ({inner})")]
    edits += [maker.removed(span) for span in (spans.limit, spans.offset)]
    assert spans.order_by is not None
    if keyset.appended:
        edits.append(Edit(spans.order_by[1], spans.order_by[1], f", {order_by(keyset.appended)}"))
    sql, numbers = renumber(apply_edits(text, edits))
    return RewriteStatement(
        role="deferred_join",
        when="page numbers must stay: the rows are skipped by an index alone, in time that still grows with the page",
        sql=sql,
        parameters=_parameters(numbers, types),
    )


def boundaries(keyset: Keyset, maker: Maker, types: tuple[str, ...]) -> RewriteStatement:
    """Page numbers stay: the keys of the last row of every page, read once and kept by the application."""
    names = [f"k{at}" for at in range(len(keyset.keys))]
    rows = maker.rows()
    size = f"${last_parameter(rows) + 1}::bigint"
    ordered = order_by(keyset.keys, names)
    texts = ", ".join(
        f"b.{name}::text AS {quote_identifier(key.output or key.name)}"
        for name, key in zip(names, keyset.keys, strict=True)
    )
    sql, numbers = renumber(
        f"SELECT b.place / {size} AS page, {texts}\nFROM (SELECT r.*, row_number() OVER (ORDER BY {ordered}) AS place\n"
        f"FROM (\n{rows}\n) AS r) AS b\nWHERE b.place % {size} = 0 ORDER BY b.place"
    )
    last = len(numbers)
    parameters = _parameters(numbers[:-1], types)
    return RewriteStatement(
        role="boundaries",
        when="page numbers must stay: read it now and then, and go to page n + 1 by next page with the keys of page n",
        sql=sql,
        parameters=(*parameters, RewriteParameter(last, "bigint", "the page size")),
    )


def _parameters(numbers: tuple[int, ...], types: tuple[str, ...]) -> tuple[RewriteParameter, ...]:
    return tuple(
        RewriteParameter(at, types[n - 1] if n <= len(types) else "unknown", f"${n} of the original")
        for at, n in enumerate(numbers, 1)
    )

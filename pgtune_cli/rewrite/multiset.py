"""The proof of a rewrite in one place: both texts return the same rows, counted and hashed in one snapshot."""

from pgtune_cli.model.rewrite import Proof
from pgtune_cli.model.statement import Prepared
from pgtune_cli.rewrite.parameters import inlined
from pgtune_cli.rewrite.session import Session, Unproven
from pgtune_cli.sql.clauses import clauses
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.lex import tokens

MAX_SETS = 3


async def multiset(
    session: Session, prepared: Prepared, after: str
) -> tuple[Proof, tuple[int | None, int | None]] | str:
    """The comparison, and blocks before and after with the values of record; a sentence where the columns differ.

    Raises Unproven. ORDER BY is what no rewriter touches; LIMIT is left out, as ties would make it a matter of chance.
    """
    types, columns = await session.types(prepared.sql)
    new_types, new_columns = await session.types(after)
    if columns != new_columns:
        return "it returns other columns than the original"
    if types != new_types:
        return "it takes parameters of other types than the original"
    sets = [one.values for one in prepared.value_sets if one.values is not None or one.name == "literal"][:MAX_SETS]
    if not sets and types:
        raise Unproven("no values are known for its parameters")
    rows = mismatches = 0
    for values in sets or [None]:
        pair = []
        for text in (prepared.sql, after):
            sql = digest_sql(_inlined(_unlimited(text), values, types))
            await session.affordable(sql)
            pair.append(await session.row(sql))
        one, other = pair
        assert one is not None
        assert other is not None
        rows += one[0]
        mismatches += tuple(one) != tuple(other)
    record = sets[0] if sets else None
    before_work = await session.plan(_inlined(prepared.sql, record, types), execute=True)
    after_work = await session.plan(_inlined(after, record, types), execute=True)
    proof = Proof(method="multiset", rows=rows, mismatches=mismatches, samples=len(sets) or 1)
    return proof, (before_work.blocks, after_work.blocks)


def digest_sql(sql: str) -> str:
    """Rows of a query and a hash over them that does not depend on their order."""
    found = tokens(sql)
    bare = sql[: found[-1].start] if found and found[-1].text == ";" else sql
    digest = "pg_catalog.hashtextextended(pgtune_row::pg_catalog.text, 0::pg_catalog.int8)::pg_catalog.numeric"
    return f"SELECT /* pgtune */ pg_catalog.count(*), pg_catalog.sum({digest}) FROM (\n{bare}\n) AS pgtune_row"


def _inlined(sql: str, values: tuple[str | None, ...] | None, types: tuple[str, ...]) -> str:
    try:
        return inlined(sql, values, types)
    except IndexError:
        raise Unproven("no values are known for its parameters") from None


def _unlimited(sql: str) -> str:
    spans = clauses(sql)
    if spans is None:
        return sql
    return apply_edits(sql, [Edit(*span, " ") for span in (spans.limit, spans.offset) if span is not None])

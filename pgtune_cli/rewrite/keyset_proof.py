"""The proof of a keyset, in one snapshot: every row is after its predecessor, and pages are the pages of OFFSET.

The comparison is a b-tree order. So if the condition made from each row's predecessor selects the row, and no row is
after itself or before its predecessor, then the condition selects exactly the rows behind any cursor.
That the statements were spliced rightly is seen at pages picked over the whole depth, forwards and backwards.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial

from pgtune_cli.model.rewrite import Proof
from pgtune_cli.model.statement import Prepared
from pgtune_cli.rewrite.keyset import Key, Keyset
from pgtune_cli.rewrite.keyset_pages import Maker, Page
from pgtune_cli.rewrite.keyset_predicate import any_of, branches, order_by, patterns
from pgtune_cli.rewrite.parameters import inlined, replaced
from pgtune_cli.rewrite.session import MAX_ROWS, Session, Unproven
from pgtune_cli.sql.lex import tokens
from pgtune_cli.sql.quote import quote_literal

Generator = Callable[..., list[str]]
"""keyset_predicate.branches, or what a test puts in its place to see it caught"""
PROBES = 6
SAMPLES = 20
FAULT = 0.01


class KeysetProof:
    """Proves one keyset with the values of record."""

    def __init__(self, session: Session, prepared: Prepared, keyset: Keyset, maker: Maker, page_size: int) -> None:
        self._session = session
        self._keyset = keyset
        self._maker = maker
        self._values = prepared.value_sets[0].values or () if prepared.value_sets else ()
        self._types = prepared.parameter_types
        self._size = page_size

    async def run(self, pages: Sequence[Page]) -> Proof:
        """The whole walk where the rows are few enough, else a sample of pages. Raises Unproven."""
        sql = self._inlined(adjacency_sql(self._keyset.keys, self._maker.rows()))
        try:
            await self._session.affordable(sql)
            row = await self._session.row(sql)
        except Unproven as exc:
            return await self._sampled(pages, str(exc))
        assert row is not None
        probes, wrong = await self._probe(pages, int(row["n"]), PROBES)
        return Proof(method="adjacency", rows=row["n"], mismatches=row["bad"] + wrong, samples=probes)

    async def _sampled(self, pages: Sequence[Page], why: str) -> Proof:
        first = await self._session.plan(self._inlined(self._maker.rows()))
        deepest = int(min(first.rows, MAX_ROWS / 10))
        probes, wrong = await self._probe(pages, deepest, SAMPLES)
        if not probes:
            raise Unproven(f"not proven: {why}")
        missed = (1 - FAULT) ** probes
        return Proof(method="sampled", rows=probes * self._size, mismatches=wrong, samples=probes, missed=missed)

    async def _probe(self, pages: Sequence[Page], rows: int, count: int) -> tuple[int, int]:
        """(pages compared, pages that differ) at places from the first to the last row."""
        places = _places(rows, count)
        if not places:
            return 0, 0
        compared = wrong = 0
        for place, cursor in await self.cursors(places):
            nulls = tuple(value is None for value in cursor)
            for page in pages:
                if page.variant.nulls is not None and page.variant.nulls == nulls:
                    compared += 1
                    wrong += not await self._same(page, place, cursor)
        return compared, wrong

    async def cursors(self, places: Sequence[int]) -> list[tuple[int, tuple[str | None, ...]]]:
        """The keys of the rows at these places (from 1), as text."""
        keys = self._keyset.keys
        names = [f"k{at}" for at in range(len(keys))]
        texts = ", ".join(f"{name}::pg_catalog.text" for name in names)
        place = f"pg_catalog.row_number() OVER (ORDER BY {order_by(keys, names)}) AS place"
        numbered = f"SELECT *, {place} FROM ({self._maker.rows()}) r"
        wanted = ", ".join(map(str, places))
        sql = f"SELECT /* pgtune */ place, {texts} FROM ({numbered}) AS n WHERE place IN ({wanted}) ORDER BY place"
        return [(row[0], tuple(row)[1:]) for row in await self._session.rows(self._inlined(sql))]

    async def _same(self, page: Page, place: int, cursor: tuple[str | None, ...]) -> bool:
        backwards = page.variant.backwards
        depth = max(place - 1 - self._size, 0) if backwards else place
        rows = min(self._size, place - 1) if backwards else self._size
        if not rows:
            return True
        how = "set" if self._keyset.nested else "reverse" if backwards else "order"
        expected = await self._digest(
            self._inlined(self._maker.offset_page(depth, rows)), "set" if how == "set" else "order"
        )
        return expected == await self._digest(self.bound(page, cursor, place, rows), how)

    async def _digest(self, sql: str, how: str) -> tuple[int, str]:
        """Rows and a hash over them: in order, in reverse, or of the set where a query around may reorder them."""
        order = {"order": "n", "reverse": "n DESC", "set": 't COLLATE "C"'}[how]
        text = (
            "SELECT /* pgtune */ pg_catalog.count(*),"
            f" pg_catalog.md5(pg_catalog.string_agg(t, E'\\n' ORDER BY {order}))"
            " FROM (SELECT pgtune_row::pg_catalog.text AS t, pg_catalog.row_number() OVER () AS n"
            f" FROM (\n{_bare(sql)}\n) AS pgtune_row) AS d"
        )
        await self._session.affordable(text)
        row = await self._session.row(text)
        assert row is not None
        return row[0], row[1] or ""

    def bound(self, page: Page, cursor: tuple[str | None, ...], place: int, rows: int) -> str:
        """A page's text with the cursor, the page size and the values of record in place of its parameters."""
        sources, limit = page.sources, self._maker.limit_parameter

        def literal(number: int) -> str:
            source = sources[number - 1]
            if source == 0 or (source > 0 and source == limit):
                return f"{rows}"
            if source > 0:
                return inlined(f"${source}", tuple(self._values), self._types)
            return quote_literal(cursor[-source - 1]) if -source <= len(cursor) else str(place)

        return self._limited(replaced(page.statement.sql, literal), rows)

    def _limited(self, sql: str, rows: int) -> str:
        """A page size that the text has as a constant gives way to that of the comparison."""
        if self._maker.limit_parameter is not None or self._keyset.nested or self._keyset.bounds is not None:
            return sql
        return f"SELECT * FROM (\n{_bare(sql)}\n) AS pgtune_page LIMIT {rows}"

    def _inlined(self, sql: str) -> str:
        try:
            return inlined(sql, tuple(self._values), self._types)
        except IndexError:
            raise Unproven("no values are known for its parameters") from None


def _bare(sql: str) -> str:
    """Without a semicolon at the end."""
    found = tokens(sql)
    return sql[: found[-1].start] if found and found[-1].text == ";" else sql


def adjacency_sql(keys: Sequence[Key], rows: str, generator: Generator = branches) -> str:
    """n rows, and how many of them are not exactly one step after their predecessor."""
    after_sql = partial(_after_sql, generator, keys)
    here, before = [f"k{at}" for at in range(len(keys))], [f"p{at}" for at in range(len(keys))]
    lagged = ", ".join(f"pg_catalog.lag({name}) OVER w AS p{at}" for at, name in enumerate(here))
    ahead = f"({after_sql(here, before)}) IS TRUE AND ({after_sql(before, here)}) IS NOT TRUE"
    back = (
        f"({after_sql(before, here, backwards=True)}) IS TRUE"
        f" AND ({after_sql(here, before, backwards=True)}) IS NOT TRUE"
    )
    return (
        "SELECT /* pgtune */ pg_catalog.count(*) AS n, pg_catalog.count(*) FILTER (WHERE"
        f" ({after_sql(here, here)}) IS TRUE OR place > 1 AND NOT ({ahead} AND {back})) AS bad\n"
        f"FROM (SELECT {', '.join(here)}, {lagged}, pg_catalog.row_number() OVER w AS place\n"
        f"FROM (\n{rows}\n) AS pgtune_rows\n"
        f"WINDOW w AS (ORDER BY {order_by(keys, here)})) AS walk"
    )


def _after_sql(
    generator: Generator, keys: Sequence[Key], here: Sequence[str], cursor: Sequence[str], *, backwards: bool = False
) -> str:
    """The conditions of all variants as one, each where the cursor has its NULLs."""
    found = []
    for nulls in patterns(keys):
        values = [None if null else value for null, value in zip(nulls, cursor, strict=True)]
        condition = any_of(generator(keys, here, values, backwards=backwards))
        tests = [
            f"{value} IS {'NULL' if null else 'NOT NULL'}"
            for key, null, value in zip(keys, nulls, cursor, strict=True) if key.nullable
        ]  # fmt: skip
        found.append(" AND ".join([*tests, f"({condition})"]))
    return any_of(found)


def _places(rows: int, count: int) -> list[int]:
    """The first, the last, the middle, and places at random between, few at the start and more below."""
    if rows < 1:
        return []
    chance = random.Random(rows)  # noqa: S311  the same places in every run
    spread = {min(int(rows ** chance.random()) + 1, rows) for _ in range(count)}
    return sorted({1, rows, max(rows // 2, 1), *list(spread)[: max(count - 3, 0)]})

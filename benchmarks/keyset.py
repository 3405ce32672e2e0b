"""What a page costs at row 500,000 of 1,000,000, by OFFSET and by key: blocks and time, for three orders.

    python benchmarks/keyset.py [--rows 1000000]

Targets: 4 blocks for one direction, 27 for mixed directions and for nullable keys. A page reads the levels of the index
once for each branch, a leaf more where its entries cross into the next, and the heap blocks that its rows are on. So
what a page reads depends on where it begins: printed are the blocks at that depth, and their range over PLACES around.
"""

import argparse
import asyncio
from statistics import median

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import Connection, connect
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.statement import Prepared, ValueSet
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_judge import paginations
from pgtune_cli.rewrite.keyset_pages import maker
from pgtune_cli.rewrite.keyset_proof import KeysetProof
from pgtune_cli.rewrite.session import Session, snapshot
from pgtune_cli.rewrite.source import Source
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server
from pgtune_cli.sql.shape import shape

PAGE = 20
PLACES = 40
SCHEMA = """
CREATE TABLE event (id bigint PRIMARY KEY, score int NOT NULL, rating int, created_at timestamptz NOT NULL, body text);
INSERT INTO event
SELECT i, i::bigint * 7919 % 1000, nullif(i::bigint * 104729 % 1000, 0),
       timestamptz '2020-01-01' + i / 3 * interval '1 minute', repeat('x', 120)
FROM generate_series(1, {rows}) AS i;
CREATE INDEX ON event (created_at, id);
CREATE INDEX ON event (score DESC, id);
CREATE INDEX ON event (rating, id);
"""
ORDERS = {
    "uniform, created_at DESC, id DESC": "SELECT * FROM event ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2",
    "mixed, score DESC, id": "SELECT * FROM event ORDER BY score DESC, id LIMIT $1 OFFSET $2",
    "nullable, rating, id": "SELECT * FROM event ORDER BY rating, id LIMIT $1 OFFSET $2",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with embedded_server(find_binaries(major=18), {"shared_buffers": "512MB"}) as server:
        asyncio.run(run(server.dsn(), rows))


async def run(dsn: str, rows: int) -> None:
    writer = await connect(dsn, read_only=False)
    await writer.execute(SCHEMA.format(rows=rows))
    await writer.execute("VACUUM ANALYZE event")
    await writer.close()
    connection = await connect(dsn)
    catalog = (await collect(connection, CollectOptions())).catalog
    print(
        f"{'order':36} {'OFFSET blocks':>14} {'ms':>9} {'key blocks':>11} {'ms':>7} {'around':>14} {'heap':>8}  proof"
    )
    for name, text in ORDERS.items():
        await measure(connection, catalog, name, text, rows // 2)
    await connection.close()


async def measure(connection: Connection, catalog: Catalog, name: str, text: str, depth: int) -> None:
    what = shape(text, catalog)
    assert what is not None
    source = Source(text, what, catalog)
    (judged,) = paginations(source)
    assert isinstance(judged, Keyset)
    made = maker(source, judged, ("bigint", "bigint"))
    assert made is not None
    sets = (ValueSet(name="typical", origin="default", values=(str(PAGE), str(depth))),)
    prepared = Prepared(fingerprint="", sql=text, parameter_types=("bigint", "bigint"), value_sets=sets)
    async with snapshot(connection, 120_000) as session:
        proof_of = KeysetProof(session, prepared, judged, made, PAGE)
        proof = await proof_of.run(made.pages())
        ((_, cursor),) = await proof_of.cursors([depth])
        nulls = tuple(value is None for value in cursor)
        page = next(p for p in made.pages() if p.variant.role == "next_page" and p.variant.nulls == nulls)
        for _ in range(2):  # the second with warm caches
            before = await session.plan(made.offset_page(depth, PAGE), execute=True)
            after = await session.plan(proof_of.bound(page, cursor, depth, PAGE), execute=True)
        around, heap = [], []
        for place, start in await proof_of.cursors([depth + 13 * step for step in range(PLACES)]):
            if tuple(value is None for value in start) == nulls:
                bound = proof_of.bound(page, start, place, PAGE)
                around.append((await session.plan(bound, execute=True)).blocks or 0)
                heap.append(await heap_blocks(session, bound))
    told = f"{proof.method}, {proof.rows:,} rows, {proof.mismatches} mismatches"
    print(
        f"{name:36} {before.blocks or 0:>14,} {before.time_ms or 0:>9.2f} {after.blocks or 0:>11,}"
        f" {after.time_ms or 0:>7.2f} {ranged(around):>14}"
        f" {ranged(heap):>8}  {told}"
    )


def ranged(values: list[int]) -> str:
    """Smallest, median, largest."""
    return f"{min(values)} {median(values):g} {max(values)}"


async def heap_blocks(session: Session, page: str) -> int:
    """The blocks of the table that the rows of a page are on."""
    row = await session.row(
        f"SELECT count(DISTINCT (e.ctid::text::point)[0]) FROM event AS e WHERE e.id IN (SELECT id FROM ({page}) AS p)"
    )
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()

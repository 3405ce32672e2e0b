"""How good the index advice is on workloads that no other benchmark shares: a star schema, a product with tenants.

`ssb`: the Star Schema Benchmark, thirteen queries. `tenants`: an ORM's tables with keys and nothing else, look-ups,
lists, searches, queues, reports and writes, weighed by their calls. Each is made in an embedded server and advised on
under several budgets (fractions of the database's size); the advice is scored by really building the indexes in a
transaction, EXPLAIN, and rolling back. --greedy scores another way to choose beside it: candidates of all columns that
the workload names, up to three keys, taken one by one. --real builds the advice of the largest budget and times every
statement with and without it in turn. --twice asks again once the advice is in place: nothing more should be advised.

Run: python benchmarks/advisor.py [ssb] [tenants] [--scale 0.3] [--seed 1] [--greedy] [--real] [--twice]
"""

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

from advisor_greedy import greedy
from advisor_score import (
    HEAD,
    SETTINGS,
    Query,
    advise,
    costs,
    creates,
    own_connection,
    queries_of,
    ratio,
    scored,
    timed,
    with_indexes,
)

from pgtune_cli.collect.connection import Connection
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import EmbeddedServer, embedded_server

WORKLOADS = Path(__file__).resolve().parent / "workloads"
NAMES = ("ssb", "tenants")
BUDGETS = (0.03, 0.1, 0.3, None)
"""of the database's size"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" or ".join(NAMES))
    parser.add_argument("--scale", type=float, default=0.3)
    parser.add_argument("--seed", type=float, default=1, help="other rows of the same kind")
    parser.add_argument("--greedy", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--show", action="store_true", help="print the indexes")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    options = parser.parse_args()
    settings = SETTINGS | dict(each.split("=", 1) for each in options.set)
    for name in options.names or NAMES:
        with embedded_server(find_binaries(major=18), settings) as server:
            asyncio.run(run(server, name, options))


async def run(server: EmbeddedServer, name: str, options: argparse.Namespace) -> None:
    connection = await own_connection(server)
    started = time.perf_counter()
    await load(connection, name, options.scale, options.seed)
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    workload = WORKLOADS / f"{name}_queries.sql"
    queries = queries_of(workload)
    print(f"\n{name} at scale {options.scale:g}: {size / 2**20:,.0f} MB in {time.perf_counter() - started:.0f} s, "
          f"{len(queries)} statements\n{HEAD}", flush=True)  # fmt: skip
    before = await costs(connection, queries)
    advice: dict[str, Any] = {}
    for part in BUDGETS:
        budget = None if part is None else round(size * part)
        advice, line = await scored(connection, server, workload, queries, budget and f"{budget >> 10}kB")
        print(line, flush=True)
        if options.show:
            show(advice)
        if options.greedy:
            await beside(connection, server, workload, queries, budget, before)
    if options.real:
        await timed(connection, advice, queries)
    if options.twice:
        await twice(connection, server, workload, advice, built=options.real)
    await connection.close()


async def load(connection: Connection, name: str, scale: float, seed: float) -> None:
    script = (WORKLOADS / f"{name}.sql").read_text().replace(":scale", f"{scale:g}")
    await connection.execute(f"SELECT setseed({seed / 100:g});\n{script}")
    # a first VACUUM leaves some pages that are all-visible only to one that comes a moment later
    await connection.execute("VACUUM (FREEZE)")
    await asyncio.sleep(1)
    await connection.execute("VACUUM (FREEZE, ANALYZE)")


async def beside(
    connection: Connection, server: EmbeddedServer, workload: Path, queries: list[Query], budget: int | None,
    before: dict[str, float],
) -> None:  # fmt: skip
    """The line of the other way to choose."""
    started = time.perf_counter()
    statements, calls, estimated = await greedy(server.dsn(), workload, budget)
    seconds = time.perf_counter() - started
    after, built = await with_indexes(connection, statements, queries)
    print(f"{'greedy':<8}{ratio(before, after, queries):>8.4f}{len(statements):>9}{estimated / 2**20:>9.0f}"
          f"{built / 2**20:>10.0f}{calls:>15}{seconds:>9.1f}", flush=True)  # fmt: skip


async def twice(
    connection: Connection, server: EmbeddedServer, workload: Path, advice: dict[str, Any], built: bool
) -> None:
    for sql in () if built else creates(advice):
        await connection.execute(sql)
    await connection.execute("UPDATE pg_index SET indisvalid = true WHERE NOT indisvalid")
    await connection.execute("VACUUM (FREEZE, ANALYZE)")
    again, _ = advise(server, workload)
    print(f"asked again with the advice in place: {len(again['chosen'])} more, {len(again['dropped'])} to drop")
    show(again)


def show(advice: dict[str, Any]) -> None:
    for chosen in advice["chosen"]:
        print(f"    {chosen['size_bytes'] / 2**20:7.1f} MB  {chosen['sql'].partition(' ON ')[2]}  "
              f"{', '.join(each['fingerprint'][:6] for each in chosen['statements'])}")  # fmt: skip
    for dropped in advice["dropped"]:
        print(f"    {dropped['sql']}: {dropped['reason']}")


if __name__ == "__main__":
    main()

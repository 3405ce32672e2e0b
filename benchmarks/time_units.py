"""What one unit of work takes on this machine, beside what the advisor's model of time says: CPU time, all cached.

Only ratios matter to the model; they differ between machines by a factor of two or so. Prints figures, asserts nothing.

Run: python benchmarks/time_units.py [--rows 3000000]
"""

import argparse
import asyncio
import math
from typing import Any, NamedTuple

import asyncpg
from executor_cpu import executor_cpu

from pgtune_cli.advise.time_units import NANOSECONDS
from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server

SETTINGS = {
    "shared_buffers": "3GB", "work_mem": "512MB", "max_parallel_workers_per_gather": "0", "jit": "off",
    "fsync": "off", "autovacuum": "off", "maintenance_work_mem": "512MB", "max_wal_size": "8GB",
}  # fmt: skip
SCHEMA = """
create table t (s int, r int, g int, h int, v int, pad text);
insert into t select i, floor(random() * {rows})::int, floor(random() * {rows} / 500)::int, i / 500, i % 100,
  repeat('x', 200) from generate_series(1, {rows}) i;
create index on t (s); create index on t (r); create index on t (g); create index on t (h);
create table d as select i as k from generate_series(0, 999) i;
create table e as select (i * 7919::bigint % {rows})::int as k from generate_series(1, 200000) i;
"""
LOOPS = "set enable_hashjoin = off; set enable_mergejoin = off; set enable_bitmapscan = off; set enable_memoize = off;"
RUNS = 3


class Probe(NamedTuple):
    unit: str
    settings: str
    sql: str
    amounts: dict[str, float]
    """of every unit in it, a row of the result counted as nothing."""


def probes(rows: int, pages: int) -> list[Probe]:
    loops, many = 1000.0, 200_000.0
    tuples = loops * 500
    joined = {"row of a scan": tuples, "joined row": tuples, "aggregated row": tuples, "outer row": loops}
    single = {"joined row": many, "aggregated row": many, "outer row": many, "tuple in a row": many}
    scan = {"page in a row": float(pages), "tuple in a row": float(rows)}
    part = rows / 20
    return [
        Probe("tuple in a row", "", "select count(*) from t where v < 0", scan | {"condition": float(rows)}),
        Probe("random heap tuple", LOOPS, "select sum(v) from d join t on t.g = d.k",
              joined | {"random heap tuple": tuples, "index tuple": tuples, "descent": loops}),
        Probe("ordered heap tuple", LOOPS, "select sum(v) from d join t on t.h = d.k",
              joined | {"ordered heap tuple": tuples, "index tuple": tuples, "descent": loops}),
        Probe("index-only tuple", LOOPS, "select count(*) from d, lateral (select from t where t.g = d.k offset 0) x",
              joined | {"index-only tuple": tuples, "descent": loops}),
        Probe("descent", LOOPS, "select count(t.s) from e join t on t.s = e.k",
              single | {"index-only tuple": many, "descent": many, "row of a scan": many}),
        Probe("bitmap page", "set enable_indexscan = off; set enable_seqscan = off;",
              f"select sum(v) from t where r < {part:.0f}",
              {"bitmap page": pages * min(1.0, 2 * part / (2 * pages + part)), "bitmap tuple": part,
               "bitmap heap tuple": part, "row of a scan": part, "aggregated row": part}),
        Probe("hashed row", "set enable_nestloop = off; set enable_mergejoin = off;",
              "select count(*) from t join t x on x.s = t.s",
              {each: 2 * amount for each, amount in scan.items()}
              | {"hashed row": float(rows), "probe": float(rows), "joined row": float(rows),
                 "row of a scan": 2.0 * rows, "aggregated row": float(rows)}),
        Probe("comparison", "set enable_indexscan = off; set enable_indexonlyscan = off;",
              "select count(*) from (select s from t order by r offset 0) x",
              scan | {"comparison": rows * 21.5, "sorted row": float(rows), "row of a scan": float(rows),
                      "aggregated row": float(rows)}),
    ]  # fmt: skip


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    rows = parser.parse_args().rows
    with embedded_server(find_binaries(major=18), SETTINGS) as server:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute(SCHEMA.format(rows=rows))
        await connection.execute("vacuum (freeze, analyze)")
        await connection.execute("create extension pg_prewarm; select pg_prewarm('t')")
        pages = await connection.fetchval("select relpages from pg_class where relname = 't'")
        print(f"{rows:,} rows, {pages:,} pages\n{'unit':<20}{'ms':>9}{'model ms':>10}{'ns':>9}{'model ns':>10}")
        for probe in probes(rows, pages):
            measured = await cpu_ns(connection, probe)
            model = {unit: NANOSECONDS[unit] * amount for unit, amount in probe.amounts.items()}
            own = (measured - sum(model.values()) + model[probe.unit]) / probe.amounts[probe.unit]
            print(f"{probe.unit:<20}{measured / 1e6:>9.0f}{sum(model.values()) / 1e6:>10.0f}{own:>9.0f}"
                  f"{NANOSECONDS[probe.unit]:>10.0f}", flush=True)  # fmt: skip


async def cpu_ns(connection: Any, probe: Probe) -> float:
    """Of the executor, the best of a few runs."""
    best = math.inf
    await connection.execute(f"reset all; {probe.settings}")
    for _ in range(RUNS):
        await connection.execute("set client_min_messages = log; set log_executor_stats = on")
        async with executor_cpu(connection) as seen:
            await connection.fetch(probe.sql)
        await connection.execute("reset log_executor_stats; reset client_min_messages")
        best = min(best, *seen)
    return best * 1e9


if __name__ == "__main__":
    asyncio.run(main())

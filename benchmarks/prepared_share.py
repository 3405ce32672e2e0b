"""How many real texts of pg_stat_statements get a plan, and how fast.

A broad workload (tests/cases/sql/corpus) is run on each major; what the server recorded is prepared and planned as
`pgtune analyze --no-execute` does it. `held_out` was written last, and no repair was tuned on it. Asserts nothing.
Run: python benchmarks/prepared_share.py [MAJOR …]
"""

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support import corpus
from support.database import fresh_database
from support.servers import ServerPool

from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.sql.parse import parse


def main() -> None:
    pool = ServerPool(os.environ)
    try:
        for major in [int(word) for word in sys.argv[1:]] or [13, 15, 18]:
            server = pool.server(major)
            if server is None:
                print(f"{major}: not run: {pool.missing[major]}")
                continue
            database = fresh_database(server)
            asyncio.run(measure(major, next(database).dsn))
            database.close()
    finally:
        pool.close()


async def measure(major: int, dsn: str) -> None:
    await corpus.load(dsn)
    for label, names in (("tuned", corpus.TUNED), ("held out", corpus.HELD_OUT)):
        recorded = await corpus.record(dsn, names)
        started = time.monotonic()
        _, found = await corpus.explained(dsn, recorded.texts)
        seconds = time.monotonic() - started
        print(f"{major}, {label}: {len(recorded.texts)} texts ({len(recorded.refused)} statements not run there)")
        describe(found, seconds)


def describe(found: dict[str, StatementPlans], seconds: float) -> None:
    planned = {text: one for text, one in found.items() if one.plans}
    as_they_are = sum(one.prepared is not None and one.prepared.sql == text for text, one in found.items())
    origins = Counter(plan.parameters.origin for one in planned.values() for plan in one.plans[:1])
    unread = [text for text in found if parse(text) is None]
    with_plans = sum(text in planned for text in unread)
    print(f"  prepared {corpus.share(found):.1%}, unchanged {as_they_are / len(found):.1%}")
    print(f"  planned {len(planned) / len(found):.1%}, {sum(len(one.plans) for one in planned.values())} plans")
    print(f"  {len(found) / seconds:.0f} statements a second, values of record from {dict(origins)}")
    print(f"  {len(unread)} texts that sqlglot cannot read, {with_plans} of them planned")
    for text, one in found.items():
        if one.not_explained:
            print(f"    {one.not_explained}: {' '.join(text.split())[:150]}")


if __name__ == "__main__":
    main()

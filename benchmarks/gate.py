"""How quiet the gate is, and what it finds: unchanged runs and planted regressions, on a real server.

    python benchmarks/gate.py [--runs 20] [--scale 20000]

Prints how many unchanged runs failed on a database that is restored before each run, and on one that lives on with
autovacuum, a queue and an index-only scan; then each planted regression, how often it failed, and what was told.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.database import Database
from support.gate_shop import REGRESSIONS, Application, Regression, busy, load, run
from support.servers import ServerPool
from typer.testing import CliRunner

from pgtune_cli.cli.main import app


def check(pg: Database, baseline: Path) -> tuple[int, list[str]]:
    found = CliRunner().invoke(app, ["check", pg.dsn, "--baseline", str(baseline), "--format", "json", "-q"])
    if found.exit_code not in (0, 1):
        raise SystemExit(f"check ended with {found.exit_code}: {found.exception}")
    failing = [one for one in json.loads(found.stdout)["comparisons"] if one["fails"]]
    return found.exit_code, [f"{one['query'][:60]}: {one['reasons'] + one['causes']}" for one in failing]


def measured(pg: Database, application: Application) -> None:
    pg.execute("SELECT pg_stat_statements_reset()")
    run(pg.dsn, application)


def baseline_of(pg: Database, folder: Path) -> Path:
    measured(pg, Application())
    with contextlib.redirect_stderr(io.StringIO()):
        CliRunner().invoke(app, ["baseline", pg.dsn, "-o", str(folder / "b.json"), "-q"])
    return folder / "b.json"


def unchanged(pg: Database, baseline: Path, runs: int, label: str) -> None:
    failed = 0
    for number in range(runs):
        measured(pg, Application())
        code, told = check(pg, baseline)
        failed += code
        for text in told:
            print(f"  run {number + 1}: {text[:300]}")
    print(f"{label}: {failed} of {runs} unchanged runs failed")


def planted(pg: Database, baseline: Path, regression: Regression, times: int) -> None:
    caught, said = 0, ""
    for _ in range(times):
        application = copy.deepcopy(Application())
        regression.change(application)
        if regression.broken:
            pg.execute(regression.broken)
        try:
            measured(pg, application)
            _, told = check(pg, baseline)
        finally:
            if regression.mended:
                pg.execute(regression.mended)
        right = [text for text in told if regression.cause in text]
        caught += bool(right)
        said = right[0] if right else said
    print(f"{caught} of {times}  {regression.name}\n         {said[:220]}")


def fresh(pool: ServerPool, name: str, scale: int) -> Database:
    pg: Any = Database(pool.server(18), name)  # type: ignore[arg-type]
    pg.create()
    load(pg.execute, customers=1000, orders=scale)
    return pg


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--times", type=int, default=3, help="how often each regression is planted")
    parser.add_argument("--scale", type=int, default=20_000, help="rows of the orders table")
    parser.add_argument("--hogs", type=int, default=4, help="processes that take the cores")
    options = parser.parse_args()
    pool = ServerPool(os.environ)
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pg = fresh(pool, "gate_restored", options.scale)
            baseline = baseline_of(pg, folder)
            failed = 0
            for _ in range(options.runs):
                pg.drop()
                pg = fresh(pool, "gate_restored", options.scale)
                measured(pg, Application())
                failed += check(pg, baseline)[0]
            print(f"restored: {failed} of {options.runs} unchanged runs failed")
            pg.drop()
            pg = fresh(pool, "gate_lives", options.scale)
            pg.execute("ALTER SYSTEM SET autovacuum_naptime = '5s'")
            pg.execute("SELECT pg_reload_conf()")
            baseline = baseline_of(pg, folder)
            unchanged(pg, baseline, options.runs, "long-lived")
            with busy(options.hogs):
                unchanged(pg, baseline, options.runs, f"long-lived, {options.hogs} processes beside it")
            for regression in REGRESSIONS:
                planted(pg, baseline, regression, options.times)
            pg.drop()
    finally:
        pool.close()


if __name__ == "__main__":
    main()

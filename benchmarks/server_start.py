"""How long an embedded server takes to start, by initdb and by the copy of what it made, alternated in one run.

Prints the medians of wall and processor time, its own and that of all it started; asserts nothing.
Run: python benchmarks/server_start.py [RUNS]   (TMPDIR and XDG_CACHE_HOME say on which disk)
"""

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import start_server
from pgtune_cli.server.kept_data import DataCache


def processor_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    binaries = find_binaries(major=18)
    with tempfile.TemporaryDirectory() as folder:
        caches = {"initdb": None, "copy": DataCache(Path(folder) / "cache")}
        wall: dict[str, list[float]] = {name: [] for name in caches}
        processor: dict[str, list[float]] = {name: [] for name in caches}
        for _ in range(runs + 1):
            for name, cache in caches.items():
                before, start = processor_s(), time.perf_counter()
                server = start_server(binaries, cache=cache)
                wall[name].append(time.perf_counter() - start)
                server.stop()
                processor[name].append(processor_s() - before)
    for name in caches:
        print(
            f"{name:<8} {statistics.median(wall[name][1:]) * 1000:6.0f} ms to the start,"
            f" {statistics.median(processor[name][1:]) * 1000:6.0f} ms of processor to the end (median of {runs})"
        )


if __name__ == "__main__":
    main()

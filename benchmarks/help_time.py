"""How long `pgtune --help` takes against a bare typer application of as many commands, alternated in one run.

Prints the medians and their ratio; asserts nothing. Run: python benchmarks/help_time.py [RUNS]
"""

import statistics
import subprocess
import sys
import time

BARE = """
import typer
app = typer.Typer()
for name in {names!r}:
    app.command(name)(lambda: None)
app()
"""
COMMANDS = ("analyze", "indexes", "check", "baseline", "snapshot", "doctor", "demo", "rules", "init", "schema")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    commands = {
        "bare typer": [sys.executable, "-c", BARE.format(names=COMMANDS), "--help"],
        "pgtune": [sys.executable, "-m", "pgtune_cli", "--help"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken[1:]) for name, taken in seconds.items()}
    for name, median in medians.items():
        print(f"{name:<12} {median * 1000:7.1f} ms (median of {runs})")
    print(f"ratio        {medians['pgtune'] / medians['bare typer']:7.2f}")


if __name__ == "__main__":
    main()

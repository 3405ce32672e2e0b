"""Options that several commands share: one name, one meaning, everywhere."""

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from pgtune_cli.cli.values import choice, duration, known, size
from pgtune_cli.cli.write import FORMATS

CONNECTION, WORKLOAD, EXECUTION, OUTPUT = "Connection", "Workload", "Execution", "Output"


def format_of(*names: str, help: str | None = None) -> Any:
    """The --format of a command that can print these."""
    listed = f"{', '.join(names[:-1])} or {names[-1]}." if len(names) > 1 else f"{names[0]}."
    return choice("--format", what="format", among=names, help=help or f"For stdout: {listed}", panel=OUTPUT)


def rule_ids() -> list[str]:
    """Of the rules that come with pgtune, without reading them."""
    from pgtune_cli.resources import rules_root

    return sorted(file.name[:-5] for area in rules_root().iterdir() if area.is_dir() for file in area.iterdir())


Target = Annotated[
    Optional[str],  # noqa: UP045 - typer shows it so
    typer.Argument(help="A connection URI or conninfo string, or a snapshot file. Default: PGTUNE_DSN, the profile, "
                   "DATABASE_URL, then libpq's environment (PGHOST, PGSERVICE, …).", show_default=False),
]  # fmt: skip
Dsn = Annotated[str | None, typer.Option("-d", "--dsn", help="Connection URI or conninfo.", rich_help_panel=CONNECTION)]
Host = Annotated[str | None, typer.Option("--host", help="Server host or socket folder.", rich_help_panel=CONNECTION)]
Port = Annotated[int | None, typer.Option("-p", "--port", help="Server port.", rich_help_panel=CONNECTION)]
User = Annotated[str | None, typer.Option("-U", "--user", help="Role to log in as.", rich_help_panel=CONNECTION)]
Dbname = Annotated[str | None, typer.Option("--dbname", help="Database name.", rich_help_panel=CONNECTION)]
AskPassword = Annotated[
    bool, typer.Option("-W", "--ask-password", help="Prompt for the password.", rich_help_panel=CONNECTION)
]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: the nearest pgtune.yaml).")]
Profile = Annotated[str | None, typer.Option("--profile", help="Profile of the configuration to use.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Nothing but the result, and errors.")]
Verbose = Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; -vv shows tracebacks.")]

WorkloadPath = Annotated[
    Path | None,
    typer.Option("--workload", help="A .sql file or a folder of them takes the place of pg_stat_statements.",
                 rich_help_panel=WORKLOAD),
]  # fmt: skip
Window = Annotated[
    str | None,
    duration("--window", help="Measure for this long, such as 60s, instead of since the last reset.", panel=WORKLOAD),
]
Windows = Annotated[
    int, typer.Option("--windows", min=1, help="Measure so many windows, one after the other; time is judged from 5.",
                      rich_help_panel=WORKLOAD),
]  # fmt: skip
RunFiles = Annotated[
    list[Path] | None,
    typer.Option("--run", help="A snapshot of an earlier run of the same workload: one more window; repeatable.",
                 rich_help_panel=WORKLOAD),
]  # fmt: skip
Since = Annotated[
    Path | None,
    typer.Option("--since", help="A snapshot from before the run: only what ran since is judged.",
                 rich_help_panel=WORKLOAD),
]  # fmt: skip
Statistics = Annotated[
    Path | None,
    typer.Option("--statistics", help="A snapshot of production: plans are judged at its sizes, by its statistics."),
]
NoPlans = Annotated[
    bool, typer.Option("--no-plans", help="Figures alone: nothing is planned.", rich_help_panel=EXECUTION)
]
Top = Annotated[int | None, typer.Option("--top", help="How many statements (default 100).", rich_help_panel=WORKLOAD)]
OrderBy = Annotated[
    str | None,
    choice("--order-by", what="order", among=("total", "mean", "calls", "io", "rows"),
           help="Which: total, mean, calls, io or rows.", panel=WORKLOAD),
]  # fmt: skip
Schema = Annotated[
    list[str] | None, typer.Option("--schema", help="Only this schema; repeatable.", rich_help_panel=WORKLOAD)
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", help="Not this schema; repeatable.", rich_help_panel=WORKLOAD)
]

ParamsPath = Annotated[
    Path | None,
    typer.Option("--params", help="Values for $n that you know: a YAML or JSON file, or a server's log with them "
                 "(auto_explain).", rich_help_panel=WORKLOAD),
]  # fmt: skip
NoExecute = Annotated[
    bool, typer.Option("--no-execute", help="Plan only: no EXPLAIN ANALYZE.", rich_help_panel=EXECUTION)
]
MaxTime = Annotated[
    str | None,
    duration("--max-time", help="Execute only statements whose measured mean is below this (default 10s).",
             panel=EXECUTION),
]  # fmt: skip
Timing = Annotated[
    bool | None,
    typer.Option("--timing/--no-timing", help="Time every plan node (default: below one second of mean time).",
                 rich_help_panel=EXECUTION),
]  # fmt: skip
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="List what would be executed, planned only or skipped, and why; execute nothing.",
                 rich_help_panel=EXECUTION),
]  # fmt: skip
Gentle = Annotated[
    bool, typer.Option("--gentle", help="Plan and execute without parallel query and JIT.", rich_help_panel=EXECUTION)
]
MaxActive = Annotated[
    int | None,
    typer.Option("--max-active", help="Execute nothing more while more sessions than this are active (default 20).",
                 rich_help_panel=EXECUTION),
]  # fmt: skip
ExecuteOn = Annotated[
    str | None,
    typer.Option("--execute-on", help="Connection URI or conninfo of a replica that executes in the server's place.",
                 rich_help_panel=EXECUTION),
]  # fmt: skip
Replicas = Annotated[
    list[str] | None,
    typer.Option("--replica", help="Connection of a replica, whose index scans are added; repeatable.",
                 rich_help_panel=WORKLOAD),
]  # fmt: skip
Trial = Annotated[
    str | None,
    typer.Option("--trial", help="Connection of a scratch copy: the indexes are built there, and the workload is "
                 "measured before and after; they are dropped again. Needs --yes.", rich_help_panel=EXECUTION),
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", help="Agree to what --trial does.", rich_help_panel=EXECUTION)]
TrustFunctions = Annotated[
    bool, typer.Option("--trust-functions", help="User-defined functions that are not volatile may run.",
                       rich_help_panel=EXECUTION),
]  # fmt: skip
ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Show parameter values and literals of plans.", rich_help_panel=EXECUTION)
]
Budget = Annotated[str | None, size("--budget", help="Storage for new indexes at most, such as 2GB.")]
MaxIndexes = Annotated[int | None, typer.Option("--max-indexes", min=0, help="New indexes at most.")]
MaxPerTable = Annotated[int | None, typer.Option("--max-per-table", min=0, help="New indexes of one table at most.")]
MaxKeys = Annotated[int, typer.Option("--max-keys", min=1, max=32, help="Keys of a new index at most.")]
TimeLimit = Annotated[
    str | None, duration("--time-limit", help="Choose the best set of indexes found in this time, such as 30s.")
]
AllowWorse = Annotated[
    bool, typer.Option("--allow-worse", help="Advise also what makes a statement dearer by more than 5 %, or slower; "
                       "those are listed."),
]  # fmt: skip
Unique = Annotated[
    bool | None,
    typer.Option("--unique/--no-unique", help="New indexes are UNIQUE where a count of the rows, read-only, proves it "
                 "(default: the configuration's).", show_default=False),
]  # fmt: skip
WhatIfEngine = Annotated[
    str,
    choice("--engine", what="engine", among=("clone", "hypopg"),
           help="What-if planner: clone, or hypopg (the server's own extension)."),
]  # fmt: skip
PgBin = Annotated[
    Path | None, typer.Option("--pg-bin", help="Folder of the PostgreSQL 18 binaries to use for the clone.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Make the clone and its server anew, and keep neither.")]

Output = Annotated[
    list[str] | None,
    typer.Option("-o", "--output", rich_help_panel=OUTPUT,
                 help="\\[FORMAT=]FILE, repeatable; format by the ending: .html .json .md .sql .txt .sarif .xml."),
]  # fmt: skip
Format = Annotated[str, format_of(*FORMATS)]
Color = Annotated[
    str,
    choice("--color", what="color", among=("auto", "always", "never"), help="auto, always or never.", panel=OUTPUT),
]
Select = Annotated[
    list[str] | None, known("--select", among=rule_ids, help="Only these rules (id or prefix); repeatable.")
]
Ignore = Annotated[list[str] | None, known("--ignore", among=rule_ids, help="Not these rules; repeatable.")]
Rules = Annotated[list[Path] | None, typer.Option("--rules", help="A folder with rules of your own; repeatable.")]
ShowNearMisses = Annotated[
    bool, typer.Option("--show-near-misses", help="Tell what came near to a rule, so that its silence is explained.")
]
FailOn = Annotated[
    str | None,
    choice("--fail-on", what="severity", among=("info", "warning", "error"),
           help="Exit 1 when a finding is at least this: info, warning or error."),
]  # fmt: skip
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever the gate says.")]
RequireComplete = Annotated[bool, typer.Option("--require-complete", help="Exit 5 when anything had to be skipped.")]

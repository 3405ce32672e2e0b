"""`pgtune demo`: the main job on a shop of its own, in an embedded PostgreSQL."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.cli.console import Notes
    from pgtune_cli.model.report import Report
    from pgtune_cli.model.snapshot import Snapshot
    from pgtune_cli.server.embedded import EmbeddedServer
    from pgtune_cli.settings import Settings

DATABASE, READER = "shop", "pgtune_reader"


def demo(
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder for the reports.")] = Path("pgtune-demo"),
    scale: Annotated[float, typer.Option("--scale", min=0.01, max=50, help="1 is about 2 million rows.")] = 1.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server up until Ctrl-C, and print its DSN.")] = False,
    pg_bin: opt.PgBin = None,
    color: opt.Color = "auto",
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Start a PostgreSQL, load a shop with faults that happen to people, run its workload, and analyse it.

    Examples:

      pgtune demo

      pgtune demo --scale 0.1 --keep -o /tmp/pgtune-demo
    """
    from pgtune_cli.cli.console import Notes, print_result, want_colour
    from pgtune_cli.cli.run import run
    from pgtune_cli.report.render import render
    from pgtune_cli.server.binaries import find_binaries
    from pgtune_cli.server.embedded import embedded_server
    from pgtune_cli.settings import Settings

    notes = Notes(-1 if quiet else verbose)
    server_settings = {"shared_preload_libraries": "pg_stat_statements", "fsync": "off", "max_wal_size": "4GB"}
    with embedded_server(find_binaries(pg_bin, major=18), server_settings) as server:
        notes.note(f"PostgreSQL is up; loading a shop at scale {scale:g} and running its workload")
        with notes.bar():
            snapshot, report = run(_job(server, scale, Settings(), notes))
        _leave(report, snapshot, folder)
        print_result(render(report, "terminal", colour=want_colour(color), whole="report.html"))
        notes.note(f"reports: {', '.join(str(file) for file in sorted(folder.iterdir()))}")
        if keep:
            _wait(server)


async def _job(
    server: "EmbeddedServer", scale: float, settings: "Settings", notes: "Notes"
) -> tuple["Snapshot", "Report"]:
    from pgtune_cli.cli import pipeline
    from pgtune_cli.cli.analysis_options import AnalyzeOptions
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
    from pgtune_cli.cli.stored_plans import with_plans
    from pgtune_cli.collect.connection import Connection, connect
    from pgtune_cli.demo.shop import load_shop
    from pgtune_cli.demo.workload import run_workload

    admin = await connect(server.dsn("postgres"), read_only=False)
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    await admin.close()

    async def as_superuser() -> Connection:
        return await connect(server.dsn(DATABASE), read_only=False)

    owner = await as_superuser()
    await load_shop(owner, scale, notes.progress)
    await owner.close()
    await run_workload(as_superuser, scale, notes.progress)
    flags = ConnectionFlags(host=str(server.socket_dir), port=server.port, user=READER, dbname=DATABASE)
    target = resolve(flags, settings, notes)
    async with open_source(target, CollectFlags(), settings, notes) as source:
        return await with_plans(source, notes), await pipeline.analyze(source, AnalyzeOptions(), settings, notes)


def _leave(report: "Report", snapshot: "Snapshot", folder: Path) -> None:
    from pgtune_cli.cli.write import write_file
    from pgtune_cli.collect.snapshot_file import save
    from pgtune_cli.errors import UsageError
    from pgtune_cli.report.render import render
    from pgtune_cli.whatif.clone.schema_sql import schema_sql

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"cannot make the folder {folder}: {exc.strerror}") from exc
    for name, format_ in (("report.html", "html"), ("report.json", "json"), ("report.md", "markdown")):
        write_file(folder / name, render(report, format_))
    write_file(folder / "indexes.sql", render(report, "sql"))
    save(snapshot, folder / "shop.pgtune", schema_sql(snapshot))


def _wait(server: "EmbeddedServer") -> None:
    import threading

    typer.echo(f"postgresql://{READER}@/{DATABASE}?host={server.socket_dir}&port={server.port}")
    typer.echo("Ctrl-C stops the server.", err=True)
    threading.Event().wait()

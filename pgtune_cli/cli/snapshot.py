"""`pgtune snapshot`: collect only."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.model.snapshot import Snapshot


def snapshot(
    target: opt.Target = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")] = Path("snapshot.pgtune"),
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    workload: opt.WorkloadPath = None,
    window: opt.Window = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    schema: opt.Schema = None,
    exclude: opt.Exclude = None,
    no_values: Annotated[
        bool,
        typer.Option("--no-values", help="Leave out what rows hold: common values, histograms, constants in texts."),
    ] = False,
    no_plans: Annotated[
        bool, typer.Option("--no-plans", help="Do not EXPLAIN the statements: how true the clone is stays unknown.")
    ] = False,
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Write all that pgtune reads into one file, which every command takes in place of a connection.

    The file holds planner statistics, which contain values of the tables: it is written with mode 0600.
    With --no-values it holds none, and what is planned with it is rougher. Definitions of the schema stay as they are.

    Examples:

      pgtune snapshot postgresql://reader@db.example.com/shop -o shop.pgtune

      pgtune snapshot shop.pgtune --no-values -o shop-to-send.pgtune
    """
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
    from pgtune_cli.cli.stored_plans import with_plans
    from pgtune_cli.collect.snapshot_file import save
    from pgtune_cli.errors import UsageError
    from pgtune_cli.sql.without_values import without_values
    from pgtune_cli.whatif.clone.schema_sql import schema_sql

    if not output.parent.is_dir():
        raise UsageError(f"no folder {output.parent} for {output.name}", "make it first")
    settings, notes = configured(config, profile, quiet, verbose)
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    collect = CollectFlags(workload, window, top, order_by, tuple(schema or ()), tuple(exclude or ()))
    where = resolve(flags, settings, notes)

    async def job() -> "Snapshot":
        async with open_source(where, collect, settings, notes, need_statements=False) as source:
            if no_values:  # before the plans, so that they are made without values too
                source = replace(source, snapshot=without_values(source.snapshot))
            return source.snapshot if no_plans else await with_plans(source, notes)

    with notes.bar():
        taken = run(job())
    save(taken, output, schema_sql(taken))
    for skipped in taken.skipped:
        notes.note(f"skipped {skipped.what}: {skipped.why}" + (f"; {skipped.remedy}" if skipped.remedy else ""))
    notes.note(
        f"{output}: {len(taken.workload.rows)} statements ({sum(bool(one.plans) for one in taken.plans)} planned), "
        f"{len(taken.catalog.relations)} relations, {len(taken.statistics)} columns with statistics"
    )

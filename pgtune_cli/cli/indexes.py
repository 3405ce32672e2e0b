"""`pgtune indexes`: the index advice alone."""

from typing import TYPE_CHECKING, Annotated

from pgtune_cli.cli import options as opt

if TYPE_CHECKING:
    from pgtune_cli.model.analysis import Analysis
    from pgtune_cli.model.index import IndexAdvice

FORMATS = ("sql", "json", "alembic", "django")


def indexes(
    target: opt.Target = None,
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    workload: opt.WorkloadPath = None,
    params: opt.ParamsPath = None,
    window: opt.Window = None,
    top: opt.Top = None,
    order_by: opt.OrderBy = None,
    schema: opt.Schema = None,
    exclude: opt.Exclude = None,
    budget: opt.Budget = None,
    max_indexes: opt.MaxIndexes = None,
    max_per_table: opt.MaxPerTable = None,
    max_keys: opt.MaxKeys = 4,
    time_limit: opt.TimeLimit = None,
    allow_worse: opt.AllowWorse = False,
    unique: opt.Unique = None,
    replica: opt.Replicas = None,
    trial: opt.Trial = None,
    yes: opt.Yes = False,
    engine: opt.WhatIfEngine = "clone",
    pg_bin: opt.PgBin = None,
    no_cache: opt.NoCache = False,
    format_: Annotated[str, opt.format_of(*FORMATS)] = "sql",
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Print the SQL of the indexes worth having, and of those to drop. Only counts for --unique are executed.

    Examples:

      pgtune indexes postgresql://reader@db.example.com/shop --budget 2GB > indexes.sql

      pgtune indexes shop.pgtune --format json

      pgtune indexes shop.pgtune --format alembic > migrations/versions/advised_indexes.py
    """
    from pgtune_cli.cli import pipeline
    from pgtune_cli.cli.analysis_options import analyze_options
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve

    settings, notes = configured(config, profile, quiet, verbose)
    options = analyze_options(
        settings, no_execute=True, max_time=None, budget=budget, engine=engine, pg_bin=pg_bin, no_cache=no_cache,
        max_indexes=max_indexes, max_per_table=max_per_table, max_keys=max_keys, time_limit=time_limit, params=params,
        trial=trial, yes=yes, allow_worse=allow_worse, unique=unique,
    )  # fmt: skip
    flags = ConnectionFlags(target, dsn, host, port, user, dbname, ask_password)
    collect = CollectFlags(
        workload, window, top, order_by, tuple(schema or ()), tuple(exclude or ()), tuple(replica or ())
    )
    where = resolve(flags, settings, notes)

    async def job() -> "tuple[Analysis, IndexAdvice]":
        async with open_source(where, collect, settings, notes) as source:
            return await pipeline.advise_only(source, options, notes)

    with notes.bar():
        analysis, advice = run(job())
    print_result(_text(analysis, advice, format_))


def _text(analysis: "Analysis", advice: "IndexAdvice", format_: str) -> str:
    if format_ == "json":
        from pgtune_cli.report.index_sql import index_json

        return index_json(advice)
    if format_ == "alembic":
        from pgtune_cli.report.alembic_migration import alembic_migration

        return alembic_migration(advice)
    if format_ == "django":
        from pgtune_cli.report.django_migration import django_migration

        return django_migration(advice)
    from pgtune_cli.report.index_sql import index_script

    return index_script(advice, analysis.statements)

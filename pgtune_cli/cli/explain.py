"""`pgtune explain`: one statement in depth, and what would be if."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pgtune_cli.cli import options as opt
from pgtune_cli.errors import UsageError

if TYPE_CHECKING:
    from pgtune_cli.model.explanation import Explanation

STATEMENT, IMAGINED = "Statement", "What if"
NOT_PLANNED = 4
"""as for a server that refuses what is needed: there is nothing to look at"""


def explain(
    target: opt.Target = None,
    query: Annotated[
        str | None, typer.Option("--query", help="The statement; `$1` takes a value.", rich_help_panel=STATEMENT)
    ] = None,
    queryid: Annotated[
        str | None,
        typer.Option("--queryid", help="One of the workload, by queryid or fingerprint.", rich_help_panel=STATEMENT),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="A file with the statement; without any of these it is read from stdin.",
            rich_help_panel=STATEMENT,
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="Judge a saved plan instead: EXPLAIN as text or JSON, - for stdin.",
            rich_help_panel=STATEMENT,
        ),
    ] = None,
    with_index: Annotated[
        list[str] | None,
        typer.Option(
            "--with-index", help="As if this CREATE INDEX had been run; repeatable.", rich_help_panel=IMAGINED
        ),
    ] = None,
    without_index: Annotated[
        list[str] | None,
        typer.Option("--without-index", help="As if this index were not there; repeatable.", rich_help_panel=IMAGINED),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="With this planner setting, such as work_mem=64MB; repeatable.", rich_help_panel=IMAGINED
        ),
    ] = None,
    params: opt.ParamsPath = None,
    dsn: opt.Dsn = None,
    host: opt.Host = None,
    port: opt.Port = None,
    user: opt.User = None,
    dbname: opt.Dbname = None,
    ask_password: opt.AskPassword = False,
    no_execute: opt.NoExecute = False,
    max_time: opt.MaxTime = None,
    timing: opt.Timing = None,
    trust_functions: opt.TrustFunctions = False,
    show_values: opt.ShowValues = False,
    pg_bin: opt.PgBin = None,
    no_cache: opt.NoCache = False,
    select: opt.Select = None,
    ignore: opt.Ignore = None,
    rules: opt.Rules = None,
    format_: Annotated[str, opt.format_of("terminal", "json")] = "terminal",
    color: opt.Color = "auto",
    config: opt.Config = None,
    profile: opt.Profile = None,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = 0,
) -> None:
    """Plan one statement, judge its plan, and say what would be with other indexes and settings.

    What-if plans are made in the statistics-only clone; nothing of them touches the server. The exit code is 4 when the
    statement cannot be planned.

    Examples:

      pgtune explain shop.pgtune --queryid 123456 --with-index "CREATE INDEX ON orders (customer_id)"

      pgtune explain --plan saved-plan.txt

      pgtune explain postgresql://reader@db/shop --query "SELECT …" --without-index orders_old --set work_mem=64MB
    """  # fmt: skip
    from pgtune_cli.cli.analysis_options import analyze_options
    from pgtune_cli.cli.console import print_result, want_colour
    from pgtune_cli.cli.explain_input import chosen, read_text, statement_text
    from pgtune_cli.cli.explain_run import WhatIf, explain_saved, explain_statement
    from pgtune_cli.cli.run import run
    from pgtune_cli.cli.settings_of import configured
    from pgtune_cli.cli.source import CollectFlags, ConnectionFlags, open_source, resolve
    from pgtune_cli.explain.saved_plan import read_plan
    from pgtune_cli.report.explanation import render_explanation

    settings, notes = configured(config, profile, quiet, verbose)
    options = analyze_options(
        settings, no_execute=no_execute, max_time=max_time, timing=timing, trust_functions=trust_functions,
        show_values=show_values, pg_bin=pg_bin, no_cache=no_cache, select=select, ignore=ignore, rules=rules,
        params=params,
    )  # fmt: skip
    what_if = WhatIf(tuple(with_index or ()), tuple(without_index or ()), tuple(map(_setting, set_ or ())))
    _one_of(query=query, queryid=queryid, file=file, plan=plan)
    colour = want_colour(color)
    if plan is not None:
        if what_if or target or dsn:
            raise UsageError("--plan judges the plan alone", "ask about its statement with --query to imagine more")
        found = explain_saved(read_plan(read_text(plan, "the plan"), show_values=show_values), options, settings, notes)
        print_result(render_explanation(found, format_, colour=colour))
        return
    text = None if queryid is not None else statement_text(query, file)
    where = resolve(ConnectionFlags(target, dsn, host, port, user, dbname, ask_password), settings, notes)

    async def job() -> "Explanation":
        async with open_source(where, CollectFlags(), settings, notes, need_statements=queryid is not None) as source:
            seen = options.params.with_samples(source.snapshot) if options.params else source.snapshot
            statement, known, snapshot = chosen(seen, text, queryid)
            if options.params:
                (statement,), _ = options.params.given_to([statement])
            known_source = replace(source, snapshot=snapshot)
            return await explain_statement(known_source, (statement, known), what_if, options, settings, notes)

    with notes.bar():
        found = run(job())
    print_result(render_explanation(found, format_, colour=colour))
    if not found.plans:
        raise typer.Exit(NOT_PLANNED)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--set {text} names no value", "write it like --set work_mem=64MB")
    return name.strip().lower(), value.strip()


def _one_of(**given: object) -> None:
    named = [f"--{name}" for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} are given", "name one statement")

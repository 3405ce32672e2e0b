"""`pgtune rules`: the rules, the facts they may use, and the cases of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from pgtune_cli.cli import options as opt

app = typer.Typer(
    help="The rules: list, show, the facts they may use, and the tests of your own.", no_args_is_help=True
)
_Format = Annotated[str, typer.Option("--format", help="terminal, json or markdown.")]


@app.command("list")
def list_rules(rules: opt.Rules = None, format_: _Format = "terminal") -> None:
    """List every rule with its severity and what it looks at."""
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.cli.write import check_format
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.report.rules import render_rules

    check_format(format_, ("terminal", "json", "markdown"))
    print_result(render_rules(load_rules(tuple(rules or ())), format_))


@app.command("show")
def show(rule: Annotated[str, typer.Argument(help="A rule's id or name.")], rules: opt.Rules = None) -> None:
    """Show one rule in full: condition, parameters, why, references."""
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.errors import UsageError
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.report.rules import render_rule

    loaded = load_rules(tuple(rules or ()))
    found = next((one for one in loaded if rule.lower() in (one.id.lower(), one.name)), None)
    if found is None:
        import difflib

        near = difflib.get_close_matches(rule.upper(), [one.id for one in loaded], 1)
        raise UsageError(f"no rule {rule}", f"did you mean {near[0]}?" if near else "pgtune rules list names them")
    print_result(render_rule(found))


@app.command("facts")
def facts(
    subject: Annotated[str | None, typer.Argument(help="plan_node, statement, table, … (default: all).")] = None,
) -> None:
    """Print the facts that a rule's condition may use, from their types."""
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.errors import UsageError
    from pgtune_cli.lint.reference import fact_reference, subject_kinds
    from pgtune_cli.report.rules import render_facts

    reference = fact_reference()
    if subject is not None and subject not in reference:
        raise UsageError(f"no subject {subject}", f"one of {', '.join(sorted(reference))}")
    variables = {kind.name: kind.variable for kind in subject_kinds()}
    print_result(render_facts({subject: reference[subject]} if subject else reference, variables))


@app.command("test")
def test(folder: Annotated[Path, typer.Argument(help="Folder with ID.yaml and ID.cases.yaml files.")]) -> None:
    """Run the cases of your own rules. Exits 1 when one fails."""
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.errors import UsageError
    from pgtune_cli.lint.cases import run_cases

    if not folder.is_dir():
        raise UsageError(f"no folder {folder}")
    results = run_cases(folder)
    failed = [result for result in results if result.failure]
    lines = [f"{result.rule} {result.case}: {result.failure or 'ok'}" for result in results]
    print_result("\n".join([*lines, f"{len(results) - len(failed)} passed, {len(failed)} failed"]))
    if failed:
        raise typer.Exit(1)

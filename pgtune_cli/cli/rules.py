"""`pgtune rules`: the rules, the facts they may use, and the cases of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from pgtune_cli.cli import options as opt
from pgtune_cli.cli.values import completed, word

app = typer.Typer(
    help="The rules: list, show, the facts they may use, and the tests of your own.", no_args_is_help=True
)
_Format = Annotated[str, opt.format_of("terminal", "json", "markdown")]


def _subjects() -> list[str]:
    from pgtune_cli.lint.reference import fact_reference

    return sorted(fact_reference())


@app.command("list")
def list_rules(rules: opt.Rules = None, format_: _Format = "terminal") -> None:
    """List every rule with its severity and what it looks at.

    Examples:

      pgtune rules list

      pgtune rules list --rules our-rules/ --format json
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.report.rules import render_rules

    print_result(render_rules(load_rules(tuple(rules or ())), format_))


@app.command("show")
def show(
    rule: Annotated[
        str,
        typer.Argument(
            help="A rule's id or name.", autocompletion=lambda incomplete: completed(opt.rule_ids, incomplete)
        ),
    ],
    rules: opt.Rules = None,
) -> None:
    """Show one rule in full: condition, parameters, why, references.

    Examples:

      pgtune rules show PLAN003

      pgtune rules show MYSHOP001 --rules our-rules/
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.errors import UsageError, near_hint
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.report.rules import render_rule

    loaded = load_rules(tuple(rules or ()))
    found = next((one for one in loaded if rule.lower() in (one.id.lower(), one.name)), None)
    if found is None:
        names = [name for one in loaded for name in (one.id, one.name)]
        raise UsageError(f"no rule {rule}", near_hint(rule, names, "pgtune rules list names them"))
    print_result(render_rule(found))


@app.command("facts")
def facts(
    subject: Annotated[str | None, word("subject", _subjects, "plan_node, statement, table, … (default: all).")] = None,
) -> None:
    """Print the facts that a rule's condition may use, from their types.

    Example:

      pgtune rules facts plan_node
    """
    from pgtune_cli.cli.console import print_result
    from pgtune_cli.lint.reference import fact_reference, subject_kinds
    from pgtune_cli.report.rules import render_facts

    reference = fact_reference()
    variables = {kind.name: kind.variable for kind in subject_kinds()}
    print_result(render_facts({subject: reference[subject]} if subject else reference, variables))


@app.command("test")
def test(folder: Annotated[Path, typer.Argument(help="Folder with ID.yaml and ID.cases.yaml files.")]) -> None:
    """Run the cases of your own rules. Exits 1 when one fails.

    Example:

      pgtune rules test our-rules/
    """
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

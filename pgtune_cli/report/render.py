"""One report, many formats."""

from pgtune_cli.model.report import Report


def render(
    report: Report, format_: str, *, colour: bool = False, width: int | None = None, whole: str | None = None
) -> str:
    """`report` as text; a format is imported when it is asked for.

    `format_`: terminal, json, markdown, html, sql, github, gitlab, sarif or junit. `whole`: a file written beside it,
    which has what the terminal leaves out.
    """
    if format_ == "json":
        from pgtune_cli.report.json_report import to_json

        return to_json(report)
    if format_ == "markdown":
        from pgtune_cli.report.markdown import to_markdown

        return to_markdown(report)
    if format_ == "html":
        from pgtune_cli.report.html import to_html

        return to_html(report)
    if format_ == "sql":
        from pgtune_cli.report.index_sql import index_script

        return index_script(report.indexes, report.statements)
    if format_ == "terminal":
        from pgtune_cli.report.terminal import to_terminal

        return to_terminal(report, colour=colour, width=width, whole=whole)
    if format_ in ("github", "gitlab", "sarif", "junit"):
        from pgtune_cli.report.machine import render_problems
        from pgtune_cli.report.problems import of_report

        return render_problems(of_report(report), format_)
    raise ValueError(format_)

"""A misspelt name of any kind is told what was probably meant, in one form, before anything is connected to."""

from pathlib import Path

import pytest

from pgtune_cli.cli import main as command_line

SHOWN = "--help shows what there is, with examples\n"
CONFIGURATION = "profiles:\n  staging: {top: 5}\n"


def said(arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["pgtune", *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message", "meant"),
    [
        (["anaylze", "x"], "no such command 'anaylze'", "analyze"),
        (["rules", "lst"], "no such command 'lst'", "list"),
        (["analyze", "x", "--fromat", "json"], "no such option: --fromat", "--format"),
        (["check", "x", "--bsaeline=y"], "no such option: --bsaeline", "--baseline"),
        (["analyze", "x", "--format", "JSNO"], "unknown format JSNO", "json"),
        (["indexes", "x", "--format", "alembc"], "unknown format alembc", "alembic"),
        (["diff", "x", "y", "--format", "markdwn"], "unknown format markdwn", "markdown"),
        (["analyze", "x", "-o", "report.htlm"], "cannot tell the format of report.htlm", ".html"),
        (["analyze", "x", "--order-by", "toatl"], "unknown order toatl", "total"),
        (["snapshot", "x", "--order-by", "call"], "unknown order call", "calls"),
        (["indexes", "x", "--engine", "hypog"], "unknown engine hypog", "hypopg"),
        (["analyze", "x", "--color", "alway"], "unknown color alway", "always"),
        (["analyze", "x", "--fail-on", "eror"], "unknown severity eror", "error"),
        (["rules", "facts", "statment"], "unknown subject statment", "statement"),
        (["rules", "show", "PLN003"], "no rule PLN003", "PLAN003"),
        (["rules", "show", "row-estimate-of"], "no rule row-estimate-of", "row-estimate-off"),
        (["schema", "reprot"], "unknown schema reprot", "report"),
        (["analyze", "x", "--profile", "stagin"], "pgtune.yaml: there is no profile 'stagin'", "staging"),
        (["analyze", "host=db sslmod=require"], "unknown connection parameter 'sslmod'", "sslmode"),
    ],
)  # fmt: skip
def test_what_was_meant_is_named(
    arguments: list[str],
    message: str,
    meant: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "pgtune.yaml").write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, error = said(arguments, capsys, monkeypatch)
    assert code == 2
    assert message in error
    assert f"hint: did you mean {meant}?" in error


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["diff", "x"], "pgtune: missing argument 'after'\nhint: pgtune diff " + SHOWN),
        (["analyze", "x", "--window", "soon"], "pgtune: 'soon' is no duration; write it like 100ms, 1.5s or 2min\n"),
        (["analyze", "x", "--max-time", "1y"], "pgtune: '1y' is no duration; write it like 100ms, 1.5s or 2min\n"),
        (["indexes", "x", "--budget", "2Gx"], "pgtune: '2Gx' is no size; write it like 500MB or 2GB\n"),
        (["check", "x", "--zzz"], "pgtune: no such option: --zzz\nhint: pgtune check " + SHOWN),
    ],
)  # fmt: skip
def test_a_value_without_its_form_is_told_before_any_work(
    arguments: list[str],
    error: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert said(arguments, capsys, monkeypatch) == (2, error)

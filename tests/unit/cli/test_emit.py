"""The files of -o."""

from pathlib import Path

import pytest

from pgtune_cli.cli.analyze import emit
from pgtune_cli.errors import UsageError


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = (("html", tmp_path / "gone" / "a.html"), ("markdown", tmp_path / "a.md"))
    with pytest.raises(UsageError, match=r"cannot write .*a\.html: No such file"):
        emit(lambda format_, *, colour=False: f"as {format_}", files, "terminal", colour=False, quiet=True)
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == "as markdown"
    assert capsys.readouterr().out.strip() == "as terminal"


def test_a_format_that_fails_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    def draw(format_: str, *, colour: bool = False) -> str:
        if format_ == "html":
            raise ValueError(format_)
        return "new"

    for name in ("a.md", "a.html"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    files = (("markdown", tmp_path / "a.md"), ("html", tmp_path / "a.html"))
    with pytest.raises(ValueError, match="html"):
        emit(draw, files, "terminal", colour=False, quiet=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "a.md": "old",
        "a.html": "old",
    }

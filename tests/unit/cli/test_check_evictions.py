"""`pgtune check` and `baseline` of a snapshot whose counters lost entries."""

import json
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from pgtune_cli.cli.main import app
from pgtune_cli.collect.snapshot_file import load, save

SAMPLE = Path(__file__).parents[3] / "sample_reports" / "shop.pgtune"


def test_evictions_are_noted_and_kept_in_the_baseline(tmp_path: Path) -> None:
    snapshot = load(SAMPLE)
    window = msgspec.structs.replace(snapshot.workload.window, evicted=7)
    lossy = msgspec.structs.replace(snapshot, workload=msgspec.structs.replace(snapshot.workload, window=window))
    save(lossy, tmp_path / "lossy.pgtune")
    made = CliRunner().invoke(
        app, ["baseline", str(tmp_path / "lossy.pgtune"), "-o", str(tmp_path / "b.json"), "--no-plans"]
    )
    assert made.exit_code == 0, made.output
    assert json.loads((tmp_path / "b.json").read_bytes())["evicted"] == 7
    words = [str(tmp_path / "lossy.pgtune"), "--baseline", str(tmp_path / "b.json"), "--no-plans", "--format", "json"]
    notes = json.loads(CliRunner().invoke(app, ["check", *words, "-q"]).stdout)["notes"]
    assert any("dropped its least-called entries 7 times" in note for note in notes)
    assert any("evicted while the baseline was measured" in note for note in notes)

"""The baseline file: small in a diff, free of literals, and safe to read."""

from pathlib import Path

import msgspec
import pytest

from pgtune_cli import __version__
from pgtune_cli.compare.baseline import load, save, update
from pgtune_cli.compare.run import make_baseline
from pgtune_cli.errors import UsageError
from pgtune_cli.model.comparison import Baseline, BaselineStatement, Measurement
from pgtune_cli.model.statement import Statement
from pgtune_cli.settings import Settings

S = Settings()


def statement(fingerprint: str, query: str = "select 1", **figures: float) -> Statement:
    values = {"calls": 3, "mean_exec_time_ms": 1.23456, "total_exec_time_ms": 4.0, **figures}
    return msgspec.convert({"fingerprint": fingerprint, "query": query, **values}, Statement)


def baseline(*statements: Statement) -> Baseline:
    return make_baseline([statements], S)


def test_a_baseline_is_sorted_rounded_and_normalised() -> None:
    slow = statement(
        "bb", "SELECT * FROM t WHERE name = 'secret' AND n = 12345", calls=3, mean_exec_time_ms=123.456,
        stddev_exec_time_ms=0.98765, rows=7, shared_blks_hit=100, shared_blks_read=11, temp_blks_written=1,
        wal_records=1,
    )  # fmt: skip
    made = baseline(slow, statement("aa"))
    assert [entry.fingerprint for entry in made.statements] == ["aa", "bb"]
    entry = made.statements[1]
    assert "secret" not in entry.query
    assert "12345" not in entry.query
    assert entry.over_threshold
    assert entry.measurement == Measurement(
        calls=3, mean_exec_time_ms=123.0, stddev_exec_time_ms=0.99, rows_per_call=2.333, blocks_per_call=37.0,
        blocks_read_per_call=3.667, temp_blocks_per_call=0.3333, wal_records_per_call=0.3333,
    )  # fmt: skip
    assert (made.kind, made.schema_version, made.pgtune_version) == ("baseline", 1, __version__)


def test_a_saved_baseline_loads_back_and_is_the_same_bytes_again(tmp_path: Path) -> None:
    made = baseline(statement("bb"), statement("aa", 'select "ä" from t'))
    save(made, tmp_path / "one.json")
    save(made, tmp_path / "two.json")
    assert load(tmp_path / "one.json") == made
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert '\n  "kind": "baseline",\n' in (tmp_path / "one.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "two.json"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match=r"^cannot write .*taken: Is a directory$"):
        save(baseline(), tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_an_empty_baseline_loads(tmp_path: Path) -> None:
    save(baseline(), tmp_path / "b.json")
    assert load(tmp_path / "b.json").statements == ()


ENTRY = BaselineStatement(
    fingerprint="aa", query="q", over_threshold=False,
    measurement=Measurement(calls=1, mean_exec_time_ms=1, rows_per_call=1, blocks_per_call=1, temp_blocks_per_call=0),
)  # fmt: skip
ONE = Baseline(pgtune_version="x", slow_query_threshold_ms=100, statements=(ENTRY,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Input data was truncated"),
        ("<<<<<<< HEAD\n{}", "not JSON: JSON is malformed: invalid character (byte 0)"),
        ("{", "not JSON: Input data was truncated"),
        ("[1]", "not a baseline: Expected `object`, got `array`"),
        ("{}", "not a baseline (kind '')"),
        ('{"kind": "snapshot", "schema_version": 1}', "not a baseline (kind 'snapshot')"),
        ('{"kind": "baseline", "schema_version": 2}', "a baseline of version 2; this pgtune reads version 1"),
        ('{"kind": "baseline", "schema_version": "1"}',
         "not a baseline: Expected `int`, got `str` - at `$.schema_version`"),
        ('{"kind": "baseline", "schema_version": 1}',
         "not a baseline: Object missing required field `pgtune_version`"),
        (msgspec.json.encode(msgspec.structs.replace(ONE, statements=(ENTRY, ENTRY))).decode(),
         "statement 'aa' is there twice"),
        (msgspec.json.encode(ONE).decode().replace('"calls":1', '"calls":-1'),
         "statement 'aa' has a negative or infinite cost"),
        ("[" * 100_000, "not a baseline: Expected `object`, got `array`"),
        ('{"kind": "baseline", "schema_version": 1, "extra": ' + "[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_baseline_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: {message}"
    assert caught.value.hint == "write a new one with: pgtune baseline -o FILE"


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(b'{"kind": "\xff"}')
    with pytest.raises(UsageError, match="not JSON") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        load(tmp_path / "none.json")


def work(**figures: float) -> dict[str, float]:
    return {"calls": 100, "mean_exec_time_ms": 10.0, "rows": 100, "shared_blks_hit": 4000, **figures}


def test_update_keeps_the_figures_of_what_did_not_change() -> None:
    neighbours = [statement(f"n{n}", **work()) for n in range(6)]
    old = baseline(statement("aa", **work()), statement("bb", **work()), statement("gone"), *neighbours)
    new = baseline(
        statement("aa", **work(mean_exec_time_ms=13.0, shared_blks_hit=4010, calls=101, rows=101)),
        statement("bb", **work(shared_blks_hit=90_000)),
        statement("cc"),
        *neighbours,
    )
    updated = update(old, new)
    assert [entry.fingerprint for entry in updated.statements] == ["aa", "bb", "cc", *(f"n{n}" for n in range(6))]
    assert updated.statements[0] == old.statements[0]
    assert updated.statements[1:] == new.statements[1:]


def test_update_keeps_what_took_a_part_of_a_millisecond_more() -> None:
    neighbours = [statement(f"n{n}", **work()) for n in range(6)]
    old = baseline(statement("aa", **work(mean_exec_time_ms=0.08)), *neighbours)
    assert update(old, baseline(statement("aa", **work(mean_exec_time_ms=0.27)), *neighbours)) == old


@pytest.mark.parametrize(
    "change", [{"mean_exec_time_ms": 25.0}, {"rows": 20}, {"rows": 200}, {"calls": 300}, {"temp_blks_written": 5000}]
)
def test_update_takes_what_changed(change: dict[str, float]) -> None:
    neighbours = [statement(f"n{n}", **work()) for n in range(6)]
    new = baseline(statement("aa", **work(**change)), *neighbours)
    assert update(baseline(statement("aa", **work()), *neighbours), new) == new


def test_update_of_an_unchanged_run_changes_no_byte(tmp_path: Path) -> None:
    old = baseline(*(statement(f"n{n}", **work()) for n in range(6)))
    save(old, tmp_path / "a")
    save(update(old, old), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

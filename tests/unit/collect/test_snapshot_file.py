"""The snapshot file: whole, private, the same for the same, and read as hostile input."""

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgtune_cli.collect import snapshot_file
from pgtune_cli.collect.snapshot_file import load, save
from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.snapshot import (
    ColumnStatistics,
    SampledText,
    Server,
    Skipped,
    Snapshot,
    StatementRow,
    Usage,
    Window,
    Workload,
)

COLUMN = Column(attnum=1, name="c", type="text", not_null=True)
TABLE = Relation(oid=1, schema="s", name="t", kind=RelationKind.TABLE, columns=(COLUMN,))
INDEX = Index(
    oid=2,
    schema="s",
    name="i",
    table=RelationName("s", "t"),
    method="btree",
    definition="x",
    keys=(IndexKey(column="c"),),
)
ROW = StatementRow(queryid="-1", role="r", query="select\n$1", calls=2, total_exec_time_ms=0.1, mean_exec_time_ms=0.05)
STATISTICS = ColumnStatistics(
    schema="s",
    table="t",
    column="c",
    null_frac=0.25,
    avg_width=4,
    n_distinct=-1.0,
    most_common_vals='{a,"b c"}',
    most_common_freqs=(0.1, 0.2),
)
SNAPSHOT = Snapshot(
    pgtune_version="0.1.0",
    server=Server(
        version_num=180006, version="PostgreSQL 18.6", database='my "db" 🐘', user="ann", settings={"b": "2", "a": "1"}
    ),
    workload=Workload(
        source="pg_stat_statements",
        window=Window(since="2026-01-01T00:00:00Z", seconds=60.0),
        rows=(ROW,),
        samples=(SampledText("select 'é'", "pg_stat_activity"),),
    ),
    catalog=Catalog(relations=(TABLE,), indexes=(INDEX,)),
    statistics=(STATISTICS,),
    usage=Usage(days=1.5),
    skipped=(Skipped("a", "b", "c"), Skipped("d", "e")),
)
PART_NAMES = ["server.json", "workload.json", "catalog.json", "statistics.json", "usage.json", "skipped.json"]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "x.pgtune"
    save(SNAPSHOT, path)
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path: Path, parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path} ")


def test_what_is_saved_is_loaded(saved: Path) -> None:
    assert load(saved) == SNAPSHOT


def test_only_the_owner_may_read_the_file(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_equal_snapshots_give_equal_bytes(saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    server = msgspec.structs.replace(SNAPSHOT.server, settings={"a": "1", "b": "2"})
    save(msgspec.structs.replace(SNAPSHOT, server=server), other)
    assert other.read_bytes() == saved.read_bytes()


def test_the_parts_are_those_that_are_documented(saved: Path) -> None:
    parts = parts_of(saved)
    assert list(parts) == ["manifest.json", *PART_NAMES]
    assert json.loads(parts["manifest.json"]) == {
        "kind": "snapshot",
        "parts": PART_NAMES,
        "pgtune_version": "0.1.0",
        "schema_version": 1,
    }


def test_saving_replaces_a_file_and_leaves_nothing_else(saved: Path) -> None:
    save(msgspec.structs.replace(SNAPSHOT, skipped=()), saved)
    assert load(saved).skipped == ()
    assert os.listdir(saved.parent) == [saved.name]  # noqa: PTH208


def test_a_save_that_fails_keeps_the_old_file(saved: Path) -> None:
    before = saved.read_bytes()
    broken = msgspec.structs.replace(SNAPSHOT, usage=object())
    with pytest.raises(TypeError):
        save(broken, saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]  # noqa: PTH208


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*: No such file or directory"):
        save(SNAPSHOT, tmp_path / "no" / "x")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no") == "cannot be read: No such file or directory"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\0" * 100])
def test_another_file_is_no_snapshot(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert refusal(path) == "is not a snapshot, or is damaged"


def test_a_zip_of_something_else_is_no_snapshot(tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "x", {"word/document.xml": b""})) == "is not a snapshot: it has no manifest.json"


@pytest.mark.parametrize("name", PART_NAMES)
def test_a_missing_part_is_named(saved: Path, name: str) -> None:
    parts = parts_of(saved)
    del parts[name]
    assert refusal(written(saved, parts)) == f"is not a snapshot: it has no {name}"


def manifest(**changes: object) -> bytes:
    return json.dumps({"kind": "snapshot", "schema_version": 1, "pgtune_version": "0.1.0", **changes}).encode()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "baseline"}, "is not a snapshot but a baseline"),
        ({"kind": "a\n\x1b[2J"}, "is not a snapshot but a a\\n\\x1b[2J"),
        ({"schema_version": 99, "pgtune_version": "9.9"}, "was written by a newer pgtune (9.9)"),
        ({"schema_version": 0}, "has no valid schema_version"),
        ({"schema_version": "1"}, "is damaged: manifest.json: Expected `int`, got `str` - at `$.schema_version`"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(saved: Path, changes: dict[str, object], message: str) -> None:
    assert refusal(written(saved, {**parts_of(saved), "manifest.json": manifest(**changes)})) == message


def test_a_newer_file_of_another_shape_is_said_to_be_newer(saved: Path) -> None:
    parts = {**parts_of(saved), "manifest.json": manifest(schema_version=2, more=[1]), "server.json": b"[]"}
    assert refusal(written(saved, parts)) == "was written by a newer pgtune (0.1.0)"


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("server.json", b"{", "server.json: Input data was truncated"),
        ("server.json", b"[]", "server.json: Expected `object`, got `array`"),
        (
            "catalog.json",
            b'{"relations": [{}]}',
            "catalog.json: Object missing required field `oid` - at `$.relations[0]`",
        ),
        ("statistics.json", b"\xff\xfe", "statistics.json: JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_wrong_contents_are_named(saved: Path, part: str, content: bytes, message: str) -> None:
    assert refusal(written(saved, {**parts_of(saved), part: content})) == f"is damaged: {message}"


def test_endless_nesting_is_refused(saved: Path) -> None:
    parts = {**parts_of(saved), "usage.json": b'{"x": ' + b"[" * 1_000_000}
    assert refusal(written(saved, parts)).startswith("is damaged: usage.json: ")


def test_unknown_fields_of_a_later_pgtune_are_no_harm(saved: Path) -> None:
    parts = parts_of(saved)
    server = {**json.loads(parts["server.json"]), "new_fact": [1, 2]}
    assert load(written(saved, {**parts, "server.json": json.dumps(server).encode(), "extra.json": b"{"})) == SNAPSHOT


def test_names_with_paths_are_never_used(saved: Path, tmp_path: Path) -> None:
    parts = {f"../{name}" if name == "usage.json" else name: content for name, content in parts_of(saved).items()}
    assert refusal(written(saved, parts)) == "is not a snapshot: it has no usage.json"
    assert sorted(os.listdir(tmp_path)) == [saved.name]  # noqa: PTH208


def test_two_parts_of_one_name_are_refused(saved: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("server.json", b"{}")
    assert refusal(saved) == "is not a snapshot: it has more than one server.json"


def test_another_compression_is_refused(saved: Path) -> None:
    assert refusal(written(saved, parts_of(saved), zipfile.ZIP_BZIP2)) == (
        "is not a snapshot: manifest.json is packed as pgtune never packs"
    )


def test_a_bomb_is_stopped_while_it_unpacks(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_file, "MAX_BYTES", 8 << 20)
    parts = {**parts_of(saved), "skipped.json": b" " * (9 << 20)}
    assert refusal(written(saved, parts)).startswith("unpacks to more than")


def test_a_bomb_that_lies_about_its_size_is_refused(saved: Path) -> None:
    real = b" " * (4 << 20) + b"[]"
    written(saved, {**parts_of(saved), "skipped.json": real})
    content = saved.read_bytes().replace(len(real).to_bytes(4, "little"), (2).to_bytes(4, "little"))
    saved.write_bytes(content)
    assert "is damaged" in refusal(saved)


BYTES = io.BytesIO()
snapshot_file._write(SNAPSHOT, BYTES)


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(BYTES.getvalue()) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_loaded_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: bool
) -> None:
    content = bytearray(BYTES.getvalue())
    content[at] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pgtune"
    path.write_bytes(bytes(content[:at] if cut else content))
    try:
        loaded = load(path)
    except UsageError as exc:
        said = str(exc)
    else:
        said = ""
        assert loaded.kind == "snapshot"
    assert "\n" not in said


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.pgtune"
    path.write_bytes(content)
    assert refusal(path)

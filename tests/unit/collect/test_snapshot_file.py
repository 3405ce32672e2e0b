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

from pgtune_cli.collect import archive, snapshot_file
from pgtune_cli.collect.snapshot_file import load, save
from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog, Column, Index, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.plan import MAX_DEPTH, Plan, PlanNode, PlanParameters, StatementPlan, StatementPlans
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
from pgtune_cli.model.statement import Prepared, ValueSet

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
SCAN = PlanNode(node_type="Seq Scan", startup_cost=0.0, total_cost=9.5, plan_rows=3.0, plan_width=4, relation="t")
PLANS = StatementPlans(
    fingerprint="f",
    prepared=Prepared(
        fingerprint="f",
        sql="select $1",
        parameter_types=("text",),
        value_sets=(ValueSet(name="typical", origin="pg_stats", values=("a", None)),),
    ),
    plans=(
        StatementPlan(
            source="snapshot",
            parameters=PlanParameters("typical", "pg_stats"),
            executed=False,
            total_cost=9.5,
            plan=Plan(root=msgspec.structs.replace(SCAN, node_type="Limit", children=(SCAN,)), settings={"b": "1"}),
        ),
    ),
)
SNAPSHOT = Snapshot(
    pgtune_version="0.1.0",
    plans=(PLANS,),
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
PART_NAMES = [
    "server.json", "workload.json", "catalog.json", "statistics.json", "extended.json",
    "extremes.json", "usage.json", "skipped.json", "plans.json",
]  # fmt: skip


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
    assert list(parts) == ["manifest.json", "README.txt", *PART_NAMES]
    assert json.loads(parts["manifest.json"]) == {
        "kind": "snapshot",
        "parts": PART_NAMES,
        "pgtune_version": "0.1.0",
        "schema_version": 2,
        "values": True,
    }
    assert all(name in parts["README.txt"].decode() for name in parts)


def test_the_schema_is_put_in_as_sql(tmp_path: Path) -> None:
    path = tmp_path / "x.pgtune"
    save(SNAPSHOT, path, "CREATE TABLE s.t ();\n")
    assert parts_of(path)["schema.sql"] == b"CREATE TABLE s.t ();\n"
    assert load(path) == SNAPSHOT


def test_a_file_of_the_first_version_is_loaded_without_plans(saved: Path) -> None:
    parts = {**parts_of(saved), "manifest.json": manifest(schema_version=1)}
    for later in ("plans.json", "extended.json", "extremes.json"):
        del parts[later]
    assert load(written(saved, parts)) == msgspec.structs.replace(SNAPSHOT, schema_version=1, plans=())


@pytest.mark.parametrize("file", ["sample_reports/shop.pgtune", "tests/states/shop.v1.pgtune"])
def test_the_sample_of_the_repository_and_the_one_of_the_first_version_are_loaded(file: str) -> None:
    assert load(Path(__file__).resolve().parents[3] / file).workload.rows


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
    parts = {**parts_of(saved), "manifest.json": manifest(schema_version=3, more=[1]), "server.json": b"[]"}
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


def test_a_plan_deeper_than_any_is_refused(saved: Path) -> None:
    parts = parts_of(saved)
    bare = b'{"node_type": "Limit", "startup_cost": 0, "total_cost": 0, "plan_rows": 0, "plan_width": 0'
    root = (bare + b', "children": [') * MAX_DEPTH + bare + b"}" + b"]}" * MAX_DEPTH
    plan = b'{"source": "s", "parameters": {"name": "n", "origin": "o"}, "executed": false, "total_cost": 1, "plan": '
    deep = b'[{"fingerprint": "f", "plans": [' + plan + b'{"root": ' + root + b"}}]}]"
    assert refusal(written(saved, {**parts, "plans.json": deep})) == (
        "is damaged: plans.json: a plan is nested too deeply"
    )


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("catalog.json", '"oid": 1', '"oid": 99999999999999999999', "Expected `int` <= 4294967295"),
        ("catalog.json", '"oid": 1', '"oid": -1', "Expected `int` >= 0"),
        ("catalog.json", '"oid": 1', '"oid": 1e3', "Expected `int`, got `float`"),
        (
            "catalog.json",
            '"kind": "r"',
            '"kind": "p", "partition_of": {"schema": "s", "name": "t"}',
            "partitioning that goes round in a circle",
        ),
        ("statistics.json", '"avg_width": 4', '"avg_width": 1e999', "Number out of range"),
        ("statistics.json", '"null_frac": 0.25', '"null_frac": NaN', "JSON is malformed"),
        ("statistics.json", '"null_frac": 0.25', '"null_frac": 1e999', "Number out of range"),
        ("statistics.json", '"null_frac": 0.25', '"null_frac": 1e308', "Expected `float` <= 1.0"),
        ("statistics.json", '"null_frac": 0.25', '"null_frac": -7', "Expected `float` >= 0.0"),
        ("workload.json", '"total_exec_time_ms": 0.1', '"total_exec_time_ms": 1e308', "Expected `float` <= 1000000"),
        ("workload.json", '"calls": 2', '"calls": 9223372036854775808', "Expected `int` <= 9223372036854775807"),
        ("workload.json", '"queryid": "-1"', '"queryid": "\\ud800"', "JSON is malformed"),
        ("workload.json", '"queryid": "-1"', '"queryid": "\\u0000"', "it holds a NUL character"),
        ("server.json", '"user": "ann"', '"user": "ann", "block_size": 0', "Expected `int` >= 1024"),
    ],
)
def test_impossible_values_are_refused(saved: Path, part: str, old: str, new: str, message: str) -> None:
    parts = parts_of(saved)
    changed = parts[part].decode().replace(old, new, 1)
    assert changed != parts[part].decode()
    said = refusal(written(saved, {**parts, part: changed.encode()}))
    assert said.startswith(f"is damaged: {part}: {message}")


def test_an_escaped_backslash_before_u0000_is_a_text_like_any_other(saved: Path) -> None:
    parts = parts_of(saved)
    changed = parts["workload.json"].replace(b'"queryid": "-1"', b'"queryid": "\\\\u0000"')
    assert load(written(saved, {**parts, "workload.json": changed})).workload.rows[0].queryid == "\\u0000"


def test_more_values_than_the_memory_holds_are_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_VALUES", 1000)
    parts = parts_of(saved)
    many = b'[{"schema": "s", "most_common_freqs": [' + b",".join([b"0"] * 2000) + b"]}]"
    assert refusal(written(saved, {**parts, "statistics.json": many})).startswith("holds more than")
    texts = parts["statistics.json"].replace(b'"{a,', b'"{' + b"a," * 2000)
    assert load(written(saved, {**parts, "statistics.json": texts})).statistics


def test_a_list_of_too_many_members_is_refused_before_it_is_read(saved: Path) -> None:
    parts = {**parts_of(saved), **{f"extra{n}": b"" for n in range(archive.MAX_MEMBERS)}}
    assert refusal(written(saved, parts)) == "is not a snapshot: it is packed as pgtune never packs"


def test_links_and_odd_files_are_refused_or_followed_to_a_file(saved: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(saved)
    assert load(link) == SNAPSHOT
    assert refusal(tmp_path) == "is a folder, not a snapshot"
    assert refusal(Path("/dev/zero")) == "is not a file: write it to one first"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe) == "is not a file: write it to one first"
    member = zipfile.ZipInfo("usage.json")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    parts = parts_of(saved)
    del parts["usage.json"]
    with zipfile.ZipFile(written(saved, parts), "a") as archive_file:
        archive_file.writestr(member, "/etc/passwd")
    assert refusal(saved).startswith("is damaged: usage.json: JSON is malformed")


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
    monkeypatch.setattr(archive, "MAX_BYTES", 8 << 20)
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

"""The snapshot file: a zip of JSON parts that every command takes in place of a connection.

    manifest.json    kind, schema_version, pgtune_version, and the names of the parts
    server.json      version, database, settings
    workload.json    rows of pg_stat_statements, sampled texts
    catalog.json     relations, indexes, constraints, types, functions
    statistics.json  pg_stats: holds values of the tables
    usage.json       usage counters of tables and indexes
    skipped.json     what could not be read, and why

It is written with mode 0600, as a whole or not at all, and equal snapshots give equal bytes. A file is read as hostile
input: only these parts, never by a path, never more than MAX_BYTES of text.
"""

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pgtune_cli.collect.connect_options import printable
from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import (
    SNAPSHOT_SCHEMA_VERSION,
    ColumnStatistics,
    Server,
    Skipped,
    Snapshot,
    Usage,
    Workload,
)
from pgtune_cli.resources import write_whole

MAX_BYTES = 2 << 30
"""of all parts together, uncompressed."""

PARTS: dict[str, Any] = {
    "server": Server,
    "workload": Workload,
    "catalog": Catalog,
    "statistics": tuple[ColumnStatistics, ...],
    "usage": Usage,
    "skipped": tuple[Skipped, ...],
}
_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""the earliest date that a zip can hold: files carry no time."""

T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    schema_version: int
    pgtune_version: str
    parts: tuple[str, ...] = tuple(f"{name}.json" for name in PARTS)


def save(snapshot: Snapshot, path: Path) -> None:
    """Write the snapshot; a file of that name is replaced once the new one is complete.

    Raises:
        UsageError: the file cannot be written.
    """
    data = io.BytesIO()
    _write(snapshot, data)
    write_whole(path, data.getvalue())


def _write(snapshot: Snapshot, file: Any) -> None:
    manifest = Manifest(
        kind=snapshot.kind, schema_version=snapshot.schema_version, pgtune_version=snapshot.pgtune_version
    )
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "manifest", manifest)
        for name in PARTS:
            _add(archive, name, getattr(snapshot, name))


def _add(archive: zipfile.ZipFile, name: str, value: object) -> None:
    entry = zipfile.ZipInfo(f"{name}.json", _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o600 << 16
    # sorted keys: a dict keeps the order it was read in
    archive.writestr(entry, msgspec.json.encode(value, order="deterministic"), compresslevel=6)


def load(path: Path) -> Snapshot:
    """The snapshot that the file holds.

    Raises:
        UsageError: not there, not a snapshot, damaged, or written by a newer pgtune.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as exc:
        # NotImplementedError: a zip version that Python does not know
        raise _refused(path, "is not a snapshot, or is damaged") from exc
    except OSError as exc:
        raise _refused(path, f"cannot be read: {exc.strerror or 'damaged'}") from exc


def _read(archive: zipfile.ZipFile, path: Path) -> Snapshot:
    limit = _Limit(MAX_BYTES)
    manifest = _part(archive, path, "manifest", Manifest, limit)
    if manifest.kind != "snapshot":
        raise _refused(path, f"is not a snapshot but a {manifest.kind[:40]}")
    if manifest.schema_version > SNAPSHOT_SCHEMA_VERSION:
        raise UsageError(
            printable(f"{path} was written by a newer pgtune ({manifest.pgtune_version[:40]})"), "upgrade pgtune-cli"
        )
    if manifest.schema_version < 1:
        raise _refused(path, "has no valid schema_version")
    parts = {name: _part(archive, path, name, kind, limit) for name, kind in PARTS.items()}
    return Snapshot(schema_version=manifest.schema_version, pgtune_version=manifest.pgtune_version, **parts)


class _Limit:
    """How many bytes may still be unpacked."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, size: int) -> bool:
        self.left -= size
        return self.left >= 0


def _part(archive: zipfile.ZipFile, path: Path, name: str, kind: type[T], limit: _Limit) -> T:
    entries = [entry for entry in archive.infolist() if entry.filename == f"{name}.json"]
    if len(entries) != 1:
        raise _refused(path, f"is not a snapshot: it has {'no' if not entries else 'more than one'} {name}.json")
    if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entries[0].flag_bits & 1:
        raise _refused(path, f"is not a snapshot: {name}.json is packed as pgtune never packs")
    unpacked = bytearray()
    with archive.open(entries[0]) as file:
        # the size in the header is what the file says of itself: count what really comes out
        while chunk := file.read(_CHUNK):
            if not limit.take(len(chunk)):
                raise _refused(path, f"unpacks to more than {MAX_BYTES >> 30} GiB")
            unpacked += chunk
    try:
        return msgspec.json.decode(unpacked, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _refused(path, f"is damaged: {name}.json: {' '.join(str(exc).split())[:200]}") from exc


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(printable(f"{path} {why}"), "pgtune snapshot writes such a file")

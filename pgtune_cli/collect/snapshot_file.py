"""The snapshot file: a zip of JSON parts that every command takes in place of a connection.

    manifest.json    kind, schema_version, pgtune_version, the names of the parts, whether it holds values of rows
    README.txt       this list, for whoever opens the file
    schema.sql       the schema as SQL, to be read by people: pgtune reads catalog.json
    server.json      version, database, settings
    workload.json    rows of pg_stat_statements, sampled texts
    catalog.json     relations, indexes, constraints, types, functions
    statistics.json  pg_stats: holds values of the tables
    extended.json    what CREATE STATISTICS collected: values as well
    extremes.json    smallest and largest values of columns that lead an index
    usage.json       usage counters of tables and indexes
    skipped.json     what could not be read, and why
    plans.json       the source's own plans of the statements, from plain EXPLAIN

A field that has its default is left out; `pgtune schema snapshot` prints the JSON Schema of each part. The file is
written with mode 0600, as a whole or not at all, and equal snapshots give equal bytes.
"""

import io
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pgtune_cli.collect.archive import Archive, Refused, opened
from pgtune_cli.collect.connect_options import printable
from pgtune_cli.collect.lean import lean_json
from pgtune_cli.collect.plausible import implausible
from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.extended import ExtendedData, Extremes
from pgtune_cli.model.plan import MAX_DEPTH, StatementPlans
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

PARTS: dict[str, Any] = {
    "server": Server,
    "workload": Workload,
    "catalog": Catalog,
    "statistics": tuple[ColumnStatistics, ...],
    "extended": tuple[ExtendedData, ...],
    "extremes": tuple[Extremes, ...],
    "usage": Usage,
    "skipped": tuple[Skipped, ...],
    "plans": tuple[StatementPlans, ...],
}
"""each is the field of Snapshot of that name."""
LATER = {"plans", "extended", "extremes"}
"""those that the first files did not have; a file has those that its manifest names"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""the earliest date that a zip can hold: files carry no time."""

VALUES = "It holds values of rows (statistics, texts with constants): treat it as you treat a dump."
NO_VALUES = """\
Values of rows were left out (--no-values): statistics of values, constants in texts of statements, comments in them,
constant defaults, bodies of functions. What the schema itself says stays: names, labels of enums, bounds of partitions,
CHECK constraints, expressions and predicates of indexes, generated columns, and the views and SQL functions that the
statements use."""

T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    schema_version: int
    pgtune_version: str
    parts: tuple[str, ...] = ()
    values: bool = True
    """False: all that holds values of rows was left out."""


def save(snapshot: Snapshot, path: Path, schema_sql: str = "") -> None:
    """Write the snapshot; a file of that name is replaced once the new one is complete.

    Raises:
        UsageError: the file cannot be written.
    """
    data = io.BytesIO()
    _write(snapshot, data, schema_sql)
    write_whole(path, data.getvalue())


def _write(snapshot: Snapshot, file: Any, schema_sql: str = "") -> None:
    manifest = Manifest(
        kind=snapshot.kind,
        schema_version=SNAPSHOT_SCHEMA_VERSION,
        pgtune_version=snapshot.pgtune_version,
        parts=tuple(f"{name}.json" for name in PARTS),
        values=snapshot.values,
    )
    with zipfile.ZipFile(file, "w") as archive:
        # whole, defaults too: the first thing that anyone looks at
        _add(archive, "manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        _add(archive, "README.txt", _readme(snapshot.values))
        if schema_sql:
            _add(archive, "schema.sql", schema_sql.encode("utf-8", errors="backslashreplace"))
        for name in PARTS:
            _add(archive, f"{name}.json", lean_json(getattr(snapshot, name)))


def _readme(values: bool) -> bytes:
    assert __doc__ is not None
    kept = VALUES if values else NO_VALUES
    return f"{__doc__.strip()}\n\n{kept}\n".encode()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, content, compresslevel=6)


def load(path: Path) -> Snapshot:
    """The snapshot that the file holds.

    Raises:
        UsageError: not there, not a snapshot, damaged, too large, or written by a newer pgtune.
    """
    try:
        with opened(path) as archive:
            return _read(archive)
    except Refused as exc:
        newer = "newer pgtune" in str(exc)
        hint = "upgrade pgtune-cli" if newer else "pgtune snapshot writes such a file"
        raise UsageError(printable(f"{path} {exc}"), hint) from exc


def _read(archive: Archive) -> Snapshot:
    content = archive.part("manifest.json")
    assert content is not None
    manifest = _decoded(content, "manifest.json", Manifest)
    if manifest.kind != "snapshot":
        raise Refused(f"is not a snapshot but a {manifest.kind[:40]}")
    if manifest.schema_version > SNAPSHOT_SCHEMA_VERSION:
        raise Refused(f"was written by a newer pgtune ({manifest.pgtune_version[:40]})")
    if manifest.schema_version < 1:
        raise Refused("has no valid schema_version")
    parts = {}
    for name, kind in PARTS.items():
        found = archive.part(f"{name}.json", needed=name not in LATER or f"{name}.json" in manifest.parts)
        if found is not None:
            parts[name] = _decoded(found, f"{name}.json", kind)
    _check_depth(parts.get("plans", ()))
    odd = implausible(parts["catalog"])
    if odd is not None:
        raise Refused(f"is damaged: catalog.json: {odd}")
    return Snapshot(
        schema_version=manifest.schema_version,
        pgtune_version=manifest.pgtune_version,
        values=manifest.values,
        **parts,
    )


def _decoded(content: bytes, name: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Refused(f"is damaged: {name}: {' '.join(str(exc).split())[:200]}") from exc


def _check_depth(plans: tuple[StatementPlans, ...]) -> None:
    """A plan that is nested deeper than any real one would only overflow what prints it."""
    level = [plan.plan.root for found in plans for plan in found.plans]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children]
        if not level:
            return
    raise Refused("is damaged: plans.json: a plan is nested too deeply")

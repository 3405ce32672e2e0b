"""Clones kept for reuse, by what they were built from."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from pgtune_cli import __version__
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.server.binaries import Binaries
from pgtune_cli.server.kept_data import DamagedEntry, DataCache, Entry

KIND = "clone"
NOT_BUILT_FROM = ("pgtune_version", "schema_version", "workload", "usage", "skipped", "plans", "values")
"""parts of a snapshot that a clone does not depend on; of the workload it takes the texts alone"""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry says of a kept clone."""

    pgtune_version: str
    database: str
    relations: int
    created: float
    """seconds since 1970."""
    lost: tuple[Skipped, ...] = ()


def key_of(snapshot: Snapshot, binaries: Binaries) -> str:
    """A hash of all that a clone of this (narrowed) snapshot is made of, and of what makes it."""
    program = binaries.postgres.stat()
    texts = {row.query for row in snapshot.workload.rows} | {sample.query for sample in snapshot.workload.samples}
    parts = [getattr(snapshot, name) for name in snapshot.__struct_fields__ if name not in NOT_BUILT_FROM]
    made_of = (
        (__version__, _code(), binaries.version_num, str(binaries.postgres), program.st_mtime_ns, program.st_size),
        sorted(texts),
        # who runs what: roles are made for row security
        sorted({row.role for row in snapshot.workload.rows}) if snapshot.catalog.policies else [],
        parts,
    )
    return hashlib.blake2b(msgspec.json.encode(made_of, order="deterministic"), digest_size=16).hexdigest()


@cache
def _code() -> str:
    """Of the modules that build a clone: a checkout changes without its version."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def keep_clone(cache: DataCache, key: str, data: Path, snapshot: Snapshot, lost: tuple[Skipped, ...]) -> None:
    """Add a clone whose server writes nothing now. Raises OSError."""
    about = {
        "pgtune_version": __version__,
        "database": snapshot.server.database,
        "relations": len(snapshot.catalog.relations),
        "lost": msgspec.to_builtins(lost),
    }
    cache.keep(key, data, KIND, about)


def fill_from_clone(cache: DataCache, key: str, data: Path) -> Kept:
    """Copy the data folder of a clone. Raises DamagedEntry; OSError when this disk is full."""
    try:
        return _read(cache.fill(key, data))
    except msgspec.ValidationError as error:
        raise DamagedEntry(f"what was kept as {key} does not say what it is: {error}") from error


def about_clone(entry: Entry) -> Kept | None:
    """None for an entry that is no clone, or does not say so whole."""
    try:
        return _read(entry.about) if entry.kind == KIND else None
    except msgspec.ValidationError:
        return None


def _read(about: Mapping[str, Any]) -> Kept:
    return msgspec.convert(about, Kept)

"""What is kept for reuse, as a list: clones, and data folders as initdb leaves them."""

import time
from collections.abc import Sequence
from pathlib import Path

from pgtune_cli.report.format import duration, number_of, one_line, plain, size
from pgtune_cli.report.json_report import to_json
from pgtune_cli.server.fresh_data import fresh_version
from pgtune_cli.server.kept_data import Entry
from pgtune_cli.whatif.clone.cache import about_clone


def render_cache(entries: Sequence[Entry], folder: Path, format_: str) -> str:
    """`format_`: terminal or json. Ages are since the last use."""
    clones = [(entry, kept) for entry in entries if (kept := about_clone(entry)) is not None]
    fresh = [(entry, version) for entry in entries if (version := fresh_version(entry)) is not None]
    if format_ == "json":
        document = {
            "kind": "cache",
            "schema_version": 1,
            "folder": str(folder),
            "clones": [
                {
                    "key": entry.key,
                    "database": kept.database,
                    "relations": kept.relations,
                    "pgtune_version": kept.pgtune_version,
                    "size_bytes": entry.size_bytes,
                    "created": kept.created,
                    "used": entry.used,
                }
                for entry, kept in clones
            ],
            "initdb": [
                {"key": entry.key, "version_num": version, "size_bytes": entry.size_bytes, "used": entry.used}
                for entry, version in fresh
            ],
        }
        return to_json(document)
    total = size(sum(entry.size_bytes for entry in entries))
    return "\n".join(
        [
            f"{plain(str(folder))}: {counted(entries)}, {total}",
            *(_line(e, f"{one_line(k.database, 24)} ({number_of(k.relations, 'relation')})") for e, k in clones),
            *(_line(e, f"PostgreSQL {version // 10000}.{version % 10000} as initdb leaves it") for e, version in fresh),
        ]
    )


def counted(entries: Sequence[Entry]) -> str:
    """`2 clones and 1 new server`."""
    clones = sum(about_clone(entry) is not None for entry in entries)
    fresh = sum(fresh_version(entry) is not None for entry in entries)
    return number_of(clones, "clone") + (f" and {number_of(fresh, 'new server')}" if fresh else "")


def _line(entry: Entry, what: str) -> str:
    age = duration(max(time.time() - entry.used, 0) * 1000)
    return f"{entry.key[:12]}  {size(entry.size_bytes):>9}  used {age} ago  {what}"

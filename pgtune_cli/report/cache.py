"""The clones that are kept, as a list."""

import time
from collections.abc import Sequence
from pathlib import Path

from pgtune_cli.report.format import duration, number_of, one_line, plain, size
from pgtune_cli.report.json_report import to_json
from pgtune_cli.whatif.clone.cache import Entry


def render_cache(entries: Sequence[Entry], folder: Path, format_: str) -> str:
    """`format_`: terminal or json. Ages are since the last use."""
    if format_ == "json":
        document = {
            "kind": "cache",
            "schema_version": 1,
            "folder": str(folder),
            "clones": [
                {
                    "key": entry.key,
                    "database": entry.kept.database,
                    "relations": entry.kept.relations,
                    "pgtune_version": entry.kept.pgtune_version,
                    "size_bytes": entry.size_bytes,
                    "created": entry.kept.created,
                    "used": entry.used,
                }
                for entry in entries
            ],
        }
        return to_json(document)
    total = size(sum(entry.size_bytes for entry in entries))
    lines = [f"{plain(str(folder))}: {number_of(len(entries), 'clone')}, {total}"]
    for entry in entries:
        age = duration(max(time.time() - entry.used, 0) * 1000)
        relations = number_of(entry.kept.relations, "relation")
        name = one_line(entry.kept.database, 30)
        lines.append(f"{entry.key[:12]}  {size(entry.size_bytes):>9}  used {age} ago  {name} ({relations})")
    return "\n".join(lines)

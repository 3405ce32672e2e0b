"""JSON Schemas, generated from the structures themselves."""

import json

import msgspec

from pgtune_cli.model.comparison import Baseline, CheckResult, Difference
from pgtune_cli.model.dry_run import DryRun
from pgtune_cli.model.explanation import Explanation
from pgtune_cli.model.index import IndexAdvice
from pgtune_cli.model.report import Report
from pgtune_cli.model.snapshot import Snapshot

_STRUCTURES = {
    "report": Report,
    "dry_run": DryRun,
    "indexes": IndexAdvice,
    "check": CheckResult,
    "baseline": Baseline,
    "diff": Difference,
    "snapshot": Snapshot,
    "explain": Explanation,
}


def json_schema(name: str) -> str:
    """The schema of one kind of file; `name` is a key of the table above."""
    schema = msgspec.json.schema(_STRUCTURES[name])
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"pgtune {name}"
    if name == "snapshot":
        schema["description"] = (
            "A snapshot is a zip: each of these properties but kind, schema_version, pgtune_version and values, which "
            "manifest.json holds, is a part of its name (`catalog` is catalog.json). What has its default is left out."
        )
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"

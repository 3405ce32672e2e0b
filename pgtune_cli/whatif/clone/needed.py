"""Which of the extensions and types that the clone lacks are missed by anything in it."""

import re
from collections.abc import Iterable

import msgspec

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.whatif.clone.type_ddl import texts_of
from pgtune_cli.whatif.mentions import Mentions, Words

MISSED = re.compile("does not exist|has no default operator class")
"""why a definition failed: the operators and operator classes of an extension are not in the catalog that was read"""


def only_missed(lost: Iterable[Skipped], snapshot: Snapshot, catalog: Catalog) -> list[Skipped]:
    """What is lost, but for the extensions and types that no statement and no object of the clone needs."""
    found = list(lost)
    words = Words([*texts_of(_of_the_clone(snapshot, catalog), catalog), *_types(catalog)])
    failed = any(not _may_be_idle(one) and MISSED.search(one.why) for one in found)
    names = {f"type {one.schema}.{one.name}": [one.name] for one in catalog.types}
    for extension in catalog.extensions:
        of_types = [one.name for one in catalog.types if one.extension == extension.name]
        of_functions = [one.name for one in catalog.functions if one.extension == extension.name]
        names[f"extension {extension.name}"] = [extension.name, *of_types, *of_functions]

    def is_missed(one: Skipped) -> bool:
        if not _may_be_idle(one) or (failed and one.what.startswith("extension ")):
            return True
        return any(words.may_name(name) for name in names.get(one.what, ["*"]))

    return [one for one in found if is_missed(one)]


def _of_the_clone(snapshot: Snapshot, catalog: Catalog) -> Snapshot:
    """With the statements that touch a relation of the clone: the others say themselves what they miss."""
    mentions = Mentions(catalog.relations)
    workload = msgspec.structs.replace(
        snapshot.workload,
        rows=tuple(row for row in snapshot.workload.rows if mentions.found_in(row.query)),
        samples=tuple(sample for sample in snapshot.workload.samples if mentions.found_in(sample.query)),
    )
    return msgspec.structs.replace(snapshot, workload=workload)


def _may_be_idle(one: Skipped) -> bool:
    return one.what.startswith(("extension ", "type "))


def _types(catalog: Catalog) -> Iterable[str]:
    for relation in catalog.relations:
        yield from (column.type for column in relation.columns)
    for one in catalog.types:
        yield from (one.base_type or "", *(kind for _, kind in one.attributes))

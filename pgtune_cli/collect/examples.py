"""Texts with their literals that pg_qualstats has kept, one for each statement that compares columns with values."""

import msgspec

from pgtune_cli.collect.kind import Kind, kind_of
from pgtune_cli.collect.reader import Reader, text_of
from pgtune_cli.collect.workload import find_extension
from pgtune_cli.model.snapshot import SampledText, Workload

CHANNEL = "pg_qualstats"


async def with_examples(reader: Reader, workload: Workload) -> Workload:
    """The workload with an example of each of its statements, where the extension is; `skipped` says why it has none.

    The examples are of all databases: those of other statements are not read.
    """
    extension = await find_extension(reader, CHANNEL)
    queryids = sorted({row.queryid for row in workload.rows})
    if extension is None or not queryids:
        return workload
    reader.fill["{qualstats}"] = extension.schema_sql
    texts = [text_of(row["query"]) for row in await reader.rows("example_texts", queryids)]
    found = [SampledText(text, CHANNEL, 1.0) for text in texts if text and kind_of(text) is Kind.QUERY]
    samples = (*workload.samples, *sorted(found, key=lambda one: one.query))
    return msgspec.structs.replace(workload, samples=samples)

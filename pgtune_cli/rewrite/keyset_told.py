"""What is told of pages by key before anybody is asked: the statements, the index, and what the application must do."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.rewrite import Rewrite, RewriteCursor, RewriteStatus
from pgtune_cli.model.statement import Statement
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.keyset_extras import boundaries, capped_count, companions, deferred_join
from pgtune_cli.rewrite.keyset_pages import Maker, Page
from pgtune_cli.rewrite.outcome import Context
from pgtune_cli.rewrite.sketches import sketches
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.index_ddl import create_index_sql, index_name

KIND = "keyset"


class Site(msgspec.Struct, frozen=True):
    """One pagination: as shown (the statement's own text), and as run (the text that PREPARE accepts)."""

    keyset: Keyset
    shown: Maker
    run: Maker | None
    source: Source


def blocks_per_call(statement: Statement) -> float:
    return (statement.shared_blks_hit + statement.shared_blks_read) / max(statement.calls, 1)


def as_offered(
    context: Context, statement: Statement, site: Site, shown: Sequence[Page], types: tuple[str, ...]
) -> Rewrite:
    """As it is offered before a server is asked."""
    keyset = site.keyset
    counts = companions(site.source, context.analysis.statements)
    blocks = blocks_per_call(statement)
    extra = [
        capped_count(site.source, keyset, types),
        deferred_join(site.source, keyset, site.shown, types),
        boundaries(keyset, site.shown, types),
    ]
    rows = statement.rows / max(statement.calls, 1)
    return Rewrite(
        statement=statement.fingerprint,
        kind=KIND,
        before=statement.query,
        status=RewriteStatus.CONDITIONS,
        statements=(*(page.statement for page in shown), *(one for one in extra if one is not None)),
        index_sql=index_sql(keyset, site.source.catalog),
        conditions=(*conditions(keyset), *_count_conditions(counts)),
        evidence={
            "channel": context.channel(statement),
            "blocks_per_call": round(blocks, 1),
            "blocks_per_row": round(blocks / rows, 1) if rows else None,
            "counted_by": [one.fingerprint for one in counts],
        },
        cursor=tuple(
            RewriteCursor(name=key.name, sql=key.sql, type=key.type, nullable=key.nullable, column=key.output)
            for key in keyset.keys
        ),
        sketches=sketches(keyset, shown, site.shown.limit_parameter, context.options.page_size),
    )


def conditions(keyset: Keyset) -> tuple[str, ...]:
    """What an application gives up or must do, in sentences."""
    found = ["pages are asked for one after the other: there is no jump to page n"]
    if keyset.appended:
        found.append(
            f"ORDER BY gets {', '.join(key.name for key in keyset.appended)} appended: without it, which of several "
            "equal rows comes first is left to chance, also in the original"
        )
    missing = [key.sql for key in keyset.keys if key.output is None]
    if missing:
        found.append(f"the application also needs {', '.join(missing)} of the last row: select it as well")
    found.append("a row whose key changes while somebody pages may be seen twice or not at all; OFFSET drifts more")
    return (*found, *keyset.notes)


def _count_conditions(counts: Sequence[Statement]) -> tuple[str, ...]:
    return tuple(
        f"{one.fingerprint} counts the same rows, {one.calls:,} calls: ask for one row more than a page, or cap it"
        for one in counts
    )


def index_sql(keyset: Keyset, catalog: Catalog) -> str | None:
    """CREATE INDEX for it, as it may be run; None where there is one."""
    if keyset.served or keyset.candidate is None:
        return None
    made = keyset.candidate
    concurrently = not catalog.is_partitioned(made.table)
    return create_index_sql(made, index_name(made, set()), concurrently=concurrently)

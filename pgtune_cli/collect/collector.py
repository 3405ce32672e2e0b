"""Reads a database into a snapshot: the workload, the catalog, the planner's statistics, usage and sizes.

All in one READ ONLY transaction of one snapshot of the catalog, with an empty search_path, so that definitions are
schema-qualified. What cannot be read is in `skipped`, with the reason and what to grant.
"""

from collections.abc import Callable

from pgtune_cli import __version__
from pgtune_cli.collect import indexes, objects, rights, tables
from pgtune_cli.collect.connection import LOST, Connection, transaction
from pgtune_cli.collect.examples import with_examples
from pgtune_cli.collect.extended import read_expression_texts, read_extended
from pgtune_cli.collect.extremes import read_extremes
from pgtune_cli.collect.options import CollectOptions
from pgtune_cli.collect.own_scans import OwnScans
from pgtune_cli.collect.reader import Reader, lost
from pgtune_cli.collect.server_facts import (
    ServerFacts,
    read_server,
    read_settings,
    read_tablespaces,
)
from pgtune_cli.collect.service_marks import read_marks, told
from pgtune_cli.collect.services import OWN
from pgtune_cli.collect.statistics import read_statistics, read_usage
from pgtune_cli.collect.tables import Found
from pgtune_cli.collect.workload import Begun, begin_window, describe_missing, find_extension, read_workload
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.snapshot import Server, Snapshot, Workload

__all__ = ["CollectOptions", "collect"]


async def collect(
    connection: Connection, options: CollectOptions | None = None, progress: Callable[[str], None] | None = None
) -> Snapshot:
    """All that pgtune reads of one database.

    Without pg_stat_statements the workload has no rows, `server.pg_stat_statements` is None, and `skipped` says why.

    Raises:
        ServerRefused: a server older than 13.
        ConnectionFailed: the connection broke.
    """
    options = options or CollectOptions()
    reader = Reader(connection, progress)
    try:
        facts = await read_server(connection)
        begun = None
        if options.window_seconds is not None:
            begun = await begin_window(connection, reader, options.window_seconds)
        async with transaction(connection):
            # a standby's counters say nothing of the primary, and no advice is made of them
            own = await OwnScans.start(reader) if options.scans_folder is not None and not facts.in_recovery else None
            return await _read(reader, facts, options, begun, own)
    except LOST as exc:
        raise lost(exc, "the database") from exc


async def _read(
    reader: Reader, facts: ServerFacts, options: CollectOptions, begun: Begun | None, own: OwnScans | None
) -> Snapshot:
    reader.say("reading the statements")
    settings = await read_settings(reader)
    extension = await find_extension(reader)
    service = OWN if facts.superuser else told(await read_marks(reader, None))[0]
    if extension is None:
        reader.skip("pg_stat_statements", *describe_missing(settings, service))
        workload = Workload(source="pg_stat_statements")
    else:
        workload = await read_workload(reader, extension, options, begun, rights.stats_grant(facts))
        workload = await with_examples(reader, workload)
    reader.say("reading the catalog")
    found = await tables.find_relations(reader, options)
    catalog = await _read_catalog(reader, found, facts)
    reader.say("reading the statistics")
    rights.say_unreadable(reader, facts, found.rows)
    statistics = await read_statistics(reader, found, facts.superuser)
    extended = await read_extended(reader, found, catalog.extended_statistics, facts)
    extremes = await read_extremes(reader, found, catalog, statistics, workload)
    usage = await read_usage(reader, found, facts.version_num)
    if own is not None and options.scans_folder is not None:
        oids = {index.index_name: index.oid for index in catalog.indexes}
        usage = await own.subtracted(reader, usage, options.scans_folder, oids)
    owned = any(row["owned"] for row in found.rows)
    unusable = any(skipped.what == "pg_stat_statements" for skipped in reader.skipped)
    return Snapshot(
        pgtune_version=__version__,
        server=Server(
            version_num=facts.version_num,
            version=facts.version,
            database=facts.database,
            user=facts.user,
            superuser=facts.superuser,
            owner=facts.owner or owned,
            service=service.name,
            in_recovery=facts.in_recovery,
            encoding=facts.encoding,
            collate=facts.collate,
            ctype=facts.ctype,
            locale_provider=facts.locale_provider,
            block_size=facts.block_size,
            settings=settings,
            tablespaces=await read_tablespaces(reader),
            pg_stat_statements=extension.version if extension and not unusable else None,
            pg_stat_statements_schema=extension.schema if extension and not unusable else None,
        ),
        workload=workload,
        catalog=catalog,
        statistics=statistics,
        extended=extended,
        extremes=extremes,
        usage=usage,
        skipped=tuple(reader.skipped),
    )


async def _read_catalog(reader: Reader, found: Found, facts: ServerFacts) -> Catalog:
    index_rows = await reader.rows_of("indexes", found.oids, found.called)
    index_names = {row["oid"]: f"{row['schema']}.{row['name']}" for row in index_rows}
    sized = [*found.oids, *index_names]
    size_rows = await reader.rows_of("sizes", sized, lambda oid: index_names.get(oid) or found.called(oid))
    sizes = {row["oid"]: row for row in size_rows}
    columns = await tables.read_columns(reader, found)
    definitions = await tables.read_definitions(reader, found)
    constraint_rows = await reader.rows_of("constraints", found.oids, found.called)
    extended_rows = await reader.rows_of("extended_statistics", found.oids, found.called)
    expressions = await read_expression_texts(reader, found, facts.version_num) if extended_rows else {}
    trigger_rows = await reader.rows_of("triggers", found.oids, found.called)
    policy_rows = await reader.rows_of("policies", found.oids, found.called)
    rule_rows = await reader.rows_of("rules", found.oids, found.called)
    return Catalog(
        relations=tuple(tables.relations(found, columns, definitions, sizes, facts)),
        indexes=tuple(indexes.indexes(found, index_rows, sizes, facts)),
        constraints=tuple(indexes.constraints(found, constraint_rows)),
        types=tuple(objects.types(await reader.rows("types"))),
        functions=tuple(objects.functions(await reader.rows("functions"))),
        builtin_functions=objects.builtin_functions(await reader.rows("builtin_functions")),
        operators=tuple(objects.operators(await reader.rows("operators"))),
        operator_classes=tuple(objects.operator_classes(await reader.rows("operator_classes"))),
        operator_families=tuple(objects.operator_families(await reader.rows("operator_families"))),
        casts=tuple(objects.casts(await reader.rows("casts"))),
        rules=tuple(objects.rules(found, rule_rows)),
        text_search_dictionaries=tuple(objects.text_search_dictionaries(await reader.rows("text_search_dictionaries"))),
        text_search_configurations=tuple(
            objects.text_search_configurations(await reader.rows("text_search_configurations"))
        ),
        extensions=tuple(objects.extensions(await reader.rows("extensions"))),
        extended_statistics=tuple(objects.extended_statistics(found, extended_rows, expressions)),
        policies=tuple(objects.policies(found, policy_rows)),
        triggers=tuple(objects.triggers(found, trigger_rows)),
        roles=tuple(objects.roles(await reader.rows("roles") if policy_rows else ())),
        sequences=tuple(objects.sequences(found, await reader.rows("sequences"))),
    )

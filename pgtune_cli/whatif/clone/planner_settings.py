"""The source's planner settings, made the clone database's own."""

import re
from collections.abc import Iterable

from pgtune_cli.collect.connection import Connection, PostgresError, Record
from pgtune_cli.collect.server_facts import SETTINGS
from pgtune_cli.model.snapshot import Server, Skipped
from pgtune_cli.sql.quote import quote_identifier, quote_literal
from pgtune_cli.whatif.clone.ground import DATABASE
from pgtune_cli.whatif.planning import rolled_back
from pgtune_cli.whatif.reason import reason_of

PLANNER_CATEGORY = "Query Tuning"
BESIDES = {
    "work_mem",
    "hash_mem_multiplier",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "parallel_leader_participation",
    "effective_io_concurrency",
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "default_text_search_config",
    "bytea_output",
    "search_path",
    "standard_conforming_strings",
    "xmloption",
}
"""settings that plans depend on outside that category"""
WHAT_IF_BESIDES = {
    "work_mem", "hash_mem_multiplier", "max_parallel_workers", "max_parallel_workers_per_gather",
    "parallel_leader_participation", "effective_io_concurrency",
}  # fmt: skip
"""those of them that one may ask about"""
ONE_SETTING = "SELECT name, category, context FROM pg_catalog.pg_settings WHERE name = pg_catalog.lower($1)"
ADDED_AS_TEXT = {"search_path"}
ELEMENT = re.compile(r'"((?:[^"]|"")+)"|([^\s,"]+)')
RENAMED = {"force_parallel_mode": "debug_parallel_query"}
LEFT_OUT = {"geqo_seed", "plan_cache_mode"}
LATER = {
    "enable_memoize": 14,
    "enable_presorted_aggregate": 16,
    "enable_group_by_reordering": 17,
    "enable_distinct_reordering": 18,
    "enable_self_join_elimination": 18,
}
"""what a planner learnt after 13 and can be told to leave: the major that it came with"""

PLANNER_SETTINGS = {name for name in SETTINGS if name.startswith(("enable_", "cpu_", "parallel_", "jit", "geqo"))} | {
    "constraint_exclusion", "cursor_tuple_fraction", "effective_cache_size", "effective_io_concurrency",
    "from_collapse_limit", "hash_mem_multiplier", "join_collapse_limit", "max_parallel_workers",
    "max_parallel_workers_per_gather", "min_parallel_index_scan_size", "min_parallel_table_scan_size",
    "random_page_cost", "recursive_worktable_factor", "search_path", "seq_page_cost", "work_mem",
} - {"geqo_seed"}  # fmt: skip
"""those of a role that its plans depend on"""

SETTABLE = "SELECT name, category FROM pg_settings WHERE context IN ('user', 'superuser')"


async def apply_settings(admin: Connection, server: Server) -> list[Skipped]:
    """ALTER DATABASE … SET each; later connections have them. A setting this server does not know is left out."""
    major = server.version_num // 10000
    settings = dict(server.settings) | {name: "off" for name, since in LATER.items() if major < since}
    known = {
        row["name"]
        for row in await admin.fetch(SETTABLE)
        if row["category"].startswith(PLANNER_CATEGORY) or row["name"] in BESIDES
    }
    lost = []
    for source_name, value in settings.items():
        name = RENAMED.get(source_name, source_name)
        if name not in known or name in LEFT_OUT:
            continue
        try:
            await admin.execute(f"ALTER DATABASE {DATABASE} SET {quote_identifier(name)} = {_value(name, value)}")
        except PostgresError as error:
            lost.append(Skipped(f"setting {name}", reason_of(error)))
    return lost


async def refusal(connection: Connection, name: str, value: str) -> str | None:
    """Why `name` cannot be set to `value` for a plan: no planner setting, or no value of it. Nothing stays set."""
    row = await connection.fetchrow(ONE_SETTING, name)
    if row is None or name.lower() in LEFT_OUT or not _is_what_if(row):
        return "it is no setting of the planner"
    try:
        async with rolled_back(connection):
            await set_locally(connection, ((name, value),))
    except PostgresError as error:
        return str(error).partition("\n")[0]  # it quotes the value: the user's own
    return None


def _is_what_if(row: Record) -> bool:
    planner = row["category"].startswith(PLANNER_CATEGORY) or row["name"] in WHAT_IF_BESIDES
    return planner and row["context"] == "user"


async def set_locally(connection: Connection, settings: Iterable[tuple[str, str]]) -> None:
    """For this transaction. Raises PostgresError."""
    for name, value in settings:
        await connection.fetch("SELECT pg_catalog.set_config($1, $2, true)", name, value)


def _value(name: str, value: str) -> str:
    """A list setting is given element by element: as one literal it would be one element."""
    if name not in ADDED_AS_TEXT:
        return quote_literal(value)
    return ", ".join(quote_literal(element) for element in split_list(value)) or "''"


def split_list(value: str) -> list[str]:
    """`"$user", public, "odd, name"` -> its names. Unquoted ones are folded, as the server does."""
    return [quoted.replace('""', '"') or bare.lower() for quoted, bare in ELEMENT.findall(value)]

"""Every statement that explaining sends, for those who want to read them before they let pgtune in."""

from pgtune_cli.collect.connection import MARK
from pgtune_cli.collect.replica import BEHIND, IDENTITY, REPLAYED, SYSTEM
from pgtune_cli.explain.code_catalog import QUERIES, query
from pgtune_cli.explain.session import WATCH_CLIENT
from pgtune_cli.explain.unique_keys import NOW

EXECUTED = "EXPLAIN {mark} (ANALYZE, BUFFERS, TIMING on, VERBOSE, SETTINGS, FORMAT JSON) EXECUTE pgtune_0123456789ab(…)"


def statements_sent() -> list[tuple[str, str]]:
    """Names and texts, in the order they are sent; the application's own statements stand as `…`."""
    fixed = [(f"code: {name}", query(name)) for name in QUERIES]
    return [
        *fixed,
        ("prepare", f"PREPARE pgtune_0123456789ab AS … {MARK} …"),
        (
            "types of parameters",
            f"SELECT {MARK} parameter_types::text[] FROM pg_catalog.pg_prepared_statements WHERE name = $1",
        ),
        ("plan cache", f"SELECT {MARK} set_config('plan_cache_mode', 'force_custom_plan', true)"),
        ("plan", f"EXPLAIN {MARK} (VERBOSE, SETTINGS, FORMAT JSON) EXECUTE pgtune_0123456789ab(…)"),
        (
            "rows for values that belong together, unless execution is turned off",
            f"SELECT {MARK} a::pg_catalog.text, … FROM … TABLESAMPLE SYSTEM (…) REPEATABLE (42)"
            " WHERE a IS NOT NULL AND … LIMIT 200",
        ),
        (
            "how values occur together, where an executed plan had a wrong estimate",
            f"SELECT {MARK} k0, …, count(*)::int8 AS rows FROM (SELECT (a)::text AS k0, … FROM … TABLESAMPLE SYSTEM (…)"
            " REPEATABLE (42) WHERE (ctid::text::point)[1]::int4 % … = 0) AS s GROUP BY k0, … ORDER BY k0, … LIMIT …",
        ),
        ("rows that those lead to", f"SELECT {MARK} b::pg_catalog.text, … FROM … WHERE … = … LIMIT 1"),
        ("--unique: the time that keys are counted at", NOW),
        (
            "--unique: whether a key occurs twice",
            f"SELECT {MARK} 1 FROM ONLY … WHERE a IS NOT NULL AND … GROUP BY a, … HAVING count(*) > 1 LIMIT 1",
        ),
        ("--execute-on: which server", IDENTITY),
        ("--execute-on: which system", SYSTEM),
        ("--execute-on: replayed", REPLAYED),
        ("--execute-on: behind", BEHIND),
        ("before an execution: load", query("load")),
        ("before an execution", WATCH_CLIENT),
        ("execution, unless turned off", EXECUTED.format(mark=MARK)),
        ("forget", "DEALLOCATE pgtune_0123456789ab"),
    ]

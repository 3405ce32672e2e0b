"""Which of PostgreSQL's own functions may run, and whose functions count as PostgreSQL's.

`provolatile` is useful one way: a volatile function is refused unless it is listed here. `proparallel` says nothing:
pg_terminate_backend is parallel safe.
"""

import re

KNOWN_EXTENSIONS = (
    "amcheck", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance",
    "fuzzystrmatch", "hstore", "intarray", "isn", "lo", "ltree", "pg_trgm", "pgcrypto", "postgis", "seg",
    "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector",
)  # fmt: skip
"""Extensions whose functions that are not volatile compute a value and do nothing else.

Not among them, for they run SQL or reach out of the database: tablefunc, dblink, postgres_fdw, xml2, adminpack.
"""

HARMLESS_VOLATILE = frozenset(
    [
        *("random", "random_normal", "clock_timestamp", "timeofday", "statement_timestamp", "transaction_timestamp"),
        *("gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v4", "gen_random_bytes"),
        *("pg_relation_size", "pg_table_size", "pg_indexes_size", "pg_total_relation_size", "pg_database_size"),
        *("pg_tablespace_size", "pg_relation_filenode", "currval", "lastval", "timezone", "bernoulli", "system"),
        *("pg_timezone_names", "pg_lock_status", "pg_stat_get_progress_info", "array_shuffle", "array_sample"),
        *("pg_sequence_last_value",),
    ]
)
EFFECTFUL = re.compile(
    r"txid_current|pg_current_xact_id|.*_to_xml(schema|_and_xmlschema)?|ts_stat|ts_rewrite|pg_sleep.*|.*advisory.*"
    r"|lo_.*|dblink.*|pg_terminate_backend|pg_cancel_backend|set_config|setval|nextval|pg_notify|query_to_.*"
    r"|pg_input_is_valid|pg_input_error_info|crosstab.*|connectby|xpath_table|isn_weak"
)
"""Denied by name, whatever the catalog says of their volatility and the user of their trust."""
EFFECTFUL_EXCEPT = frozenset(["txid_current_if_assigned", "pg_current_xact_id_if_assigned", "txid_current_snapshot"])


def is_effectful(name: str) -> bool:
    """Whether a function of this name is refused even when PostgreSQL calls it stable."""
    return name not in EFFECTFUL_EXCEPT and EFFECTFUL.fullmatch(name) is not None

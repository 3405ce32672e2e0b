"""The one place where names and values become SQL text."""

import re

from pgtune_cli.model.catalog import RelationName
from pgtune_cli.sql.keywords import RESERVED

PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")


def quote_identifier(name: str) -> str:
    """`name` as SQL: bare where PostgreSQL reads it back unchanged, else in double quotes."""
    if PLAIN_NAME.match(name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: str | None) -> str:
    """`value` as an untyped SQL literal, the same under either standard_conforming_strings; None is NULL."""
    if value is None:
        return "NULL"
    text = value.replace("'", "''")
    return "E'" + text.replace("\\", "\\\\") + "'" if "\\" in text else f"'{text}'"


def qualified(name: RelationName) -> str:
    """`schema.name` as SQL."""
    return f"{quote_identifier(name.schema)}.{quote_identifier(name.name)}"

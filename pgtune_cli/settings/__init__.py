"""The configuration: what `pgtune.yaml` may say, where it is found, and the typed settings that come of it."""

from pgtune_cli.model.quantities import Bytes, Milliseconds
from pgtune_cli.settings.dsn import Dsn
from pgtune_cli.settings.keys import (
    CacheSettings,
    Execute,
    ObjectiveSettings,
    OrderBy,
    PaginationSettings,
    RuleSettings,
    Settings,
    StatementOverride,
    Suppression,
    config_schema,
)
from pgtune_cli.settings.load import example, find_settings, load_settings
from pgtune_cli.settings.units import parse_duration_ms, parse_size_bytes

__all__ = [
    "Bytes",
    "CacheSettings",
    "Dsn",
    "Execute",
    "Milliseconds",
    "ObjectiveSettings",
    "OrderBy",
    "PaginationSettings",
    "RuleSettings",
    "Settings",
    "StatementOverride",
    "Suppression",
    "config_schema",
    "example",
    "find_settings",
    "load_settings",
    "parse_duration_ms",
    "parse_size_bytes",
]

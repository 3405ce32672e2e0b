"""`pgtune.yaml`: its keys, their types and their defaults."""

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from pgtune_cli.model.check_policy import AbsolutePolicy, CheckPolicy, PlanPolicy, RelativePolicy
from pgtune_cli.model.finding import Severity
from pgtune_cli.model.quantities import Bytes, Milliseconds
from pgtune_cli.settings.dsn import Dsn

Share = Annotated[float, Meta(gt=0, le=1)]


class Execute(StrEnum):
    """`auto` runs EXPLAIN ANALYZE inside the safety gates; `never` only plans."""

    AUTO = "auto"
    NEVER = "never"


class OrderBy(StrEnum):
    TOTAL = "total"
    MEAN = "mean"
    CALLS = "calls"
    IO = "io"
    ROWS = "rows"


class StatementOverride(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of some statements: those of one fingerprint, or those whose normalised text matches."""

    fingerprint: str | None = None
    match: str | None = None
    """part of the normalised text in any case and spacing, or a regular expression as `/…/`."""
    slow_query_threshold_ms: Milliseconds | None = field(default=None, name="slow_query_threshold")
    min_calls: Annotated[int, Meta(ge=1)] | None = None
    absolute: AbsolutePolicy | None = None
    relative: RelativePolicy | None = None
    plan: PlanPolicy | None = None
    """policies of `check` for these statements, in the place of the general ones."""
    ignore: bool = False
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.fingerprint is None) == (self.match is None):
            raise ValueError("a statement override needs either 'fingerprint' or 'match'")
        if self.match is not None and not self.match.strip():
            raise ValueError("'match' is empty and would match every statement")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as exc:
                raise ValueError(f"'match' is not a regular expression: {exc}") from exc

    @property
    def pattern(self) -> str | None:
        """The regular expression, when `match` is one."""
        text = self.match or ""
        return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "/" else None


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    params: dict[str, dict[str, Any]] = {}
    """rule id -> parameter -> value."""
    severity: dict[str, Severity] = {}


class ObjectiveSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the workload should reach; null is no objective."""

    fast_ms: Milliseconds = field(default_factory=lambda: Milliseconds(100.0), name="fast")
    """the time that a fast call stays below."""
    fast_share: Share | None = None
    """share of the calls that should be fast."""
    cache_hit_ratio: Share | None = None
    calls_per_second: Annotated[float, Meta(gt=0)] | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Findings that are known and accepted: of a rule, a relation, a statement, or what all that is named have."""

    rule: str | None = None
    """id, name or area."""
    relation: str | None = None
    """schema.name."""
    statement: str | None = None
    """fingerprint."""
    reason: str
    author: str
    expires: date | None = None
    """the last day on which it holds."""

    def __post_init__(self) -> None:
        if self.rule is None and self.relation is None and self.statement is None:
            raise ValueError("a suppression needs 'rule', 'relation' or 'statement'")
        if not self.reason.strip() or not self.author.strip():
            raise ValueError("a suppression needs a reason and an author")


class CacheSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clones of snapshot files, and the new servers, that are kept for reuse."""

    enabled: bool = True
    dir: Path | None = None
    """None is $XDG_CACHE_HOME/pgtune/clones."""
    max_bytes: Bytes = field(default_factory=lambda: Bytes(2 << 30), name="max_size")
    max_age_ms: Milliseconds = field(default_factory=lambda: Milliseconds(14 * 86_400_000.0), name="max_age")


class PaginationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows of a page in the statements and sketches that page by key."""

    page_size: Annotated[int, Meta(ge=1)] = 50
    max_page_size: Annotated[int, Meta(ge=1)] = 1000


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of `pgtune.yaml`, defaults filled in, the chosen profile applied."""

    slow_query_threshold_ms: Milliseconds = field(
        default_factory=lambda: Milliseconds(100.0), name="slow_query_threshold"
    )
    """mean execution time above which `pgtune check` fails."""
    min_calls: Annotated[int, Meta(ge=1)] = 1
    check: CheckPolicy = field(default_factory=CheckPolicy)
    statements: tuple[StatementOverride, ...] = ()
    execute: Execute = Execute.AUTO
    max_time_ms: Milliseconds = field(default_factory=lambda: Milliseconds(10_000.0), name="max_time")
    max_active: Annotated[int, Meta(ge=0)] = 20
    """active sessions of the server above which nothing more is executed."""
    top: Annotated[int, Meta(ge=1)] = 100
    order_by: OrderBy = OrderBy.TOTAL
    schemas: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    budget_bytes: Bytes | None = field(default=None, name="budget")
    unique: bool = False
    """new indexes are UNIQUE where a count of the rows proves it."""
    pagination: PaginationSettings = PaginationSettings()
    rules: RuleSettings = RuleSettings()
    objectives: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    rules_paths: tuple[Path, ...] = ()
    """folders with rules of one's own; relative to the file that names them."""
    suppress: tuple[Suppression, ...] = ()
    dsn: Dsn | None = None
    profiles: dict[str, dict[str, Any]] = {}
    """name -> any of the keys above; they take the place of the top level's."""


def config_schema() -> str:
    """The JSON Schema of pgtune.yaml, for editors, as JSON text."""
    shapes: dict[type, dict[str, Any]] = {
        Milliseconds: {"type": ["number", "string"], "examples": [100, "100ms", "1.5s"]},
        Bytes: {"type": ["integer", "string"], "examples": ["512MB", "2GB"]},
        Dsn: {"type": "string"},
        Path: {"type": "string"},
    }
    schema = msgspec.json.schema(Settings, schema_hook=lambda type_: shapes[type_])
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2).decode()

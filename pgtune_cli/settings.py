"""`pgtune.yaml`: where it is found, what it may say, and the typed settings that come of it.

Every mistake is one line that names file, line and key. Precedence (options, environment, profile) is the CLI's.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import quote

import msgspec
import yaml
from msgspec import Meta, field

from pgtune_cli.errors import UsageError, near, near_hint, unknown
from pgtune_cli.model.check_policy import AbsolutePolicy, CheckPolicy, PlanPolicy, RelativePolicy
from pgtune_cli.model.finding import Severity
from pgtune_cli.model.quantities import Bytes, Milliseconds

FILE_NAMES = ("pgtune.yaml", ".pgtune.yaml")
MAX_BYTES = 256 * 1024
MAX_VALUES = 20_000
"""aliases are followed; this bounds what a few lines of them may expand to."""

_DURATION_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
_SIZE = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}
_SIZE |= {unit[0]: size for unit, size in _SIZE.items()} | {f"{unit[0]}ib": size for unit, size in _SIZE.items()}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ]*)\s*", re.IGNORECASE | re.ASCII)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PATH_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


class Dsn(str):
    """A connection string that does not show itself: it may hold a password from the environment."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


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


Share = Annotated[float, Meta(gt=0, le=1)]


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


def parse_duration_ms(value: str | float) -> float:
    """Milliseconds of `100`, `100ms`, `1.5s`, `2min`; UsageError for anything else."""
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)):
        factor = _DURATION_MS.get(match[2].lower().replace("µ", "u") or "ms")
        if factor is not None:
            return float(match[1]) * factor
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    raise UsageError(f"{value!r} is no duration; write it like 100ms, 1.5s or 2min")


def parse_size_bytes(value: str | float) -> int:
    """Bytes of `500000`, `512MB`, `2GB` (1 kB is 1024 bytes, as in PostgreSQL); UsageError for anything else."""
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)):
        factor = _SIZE.get(match[2].lower() or "b")
        if factor is not None:
            return int(float(match[1]) * factor)
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise UsageError(f"{value!r} is no size; write it like 500MB or 2GB")


def find_settings(start: Path) -> Path | None:
    """The configuration nearest to `start`, not above the folder that holds .git."""
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def load_settings(
    path: Path | None, profile: str | None, env: Mapping[str, str], *, start: Path | None = None
) -> Settings:
    """Settings of `path`, or of the nearest file, or the defaults. UsageError names file, line and key."""
    path = path or find_settings(start or Path.cwd())
    if path is None:
        if profile is not None:
            raise UsageError(f"profile {profile!r}: there is no pgtune.yaml", "write one with: pgtune init")
        return Settings()
    return _File(path).settings(profile, env)


def example() -> str:
    """The commented pgtune.yaml that `pgtune init` writes: it says the defaults."""
    return files("pgtune_cli").joinpath("example.yaml").read_text(encoding="utf-8")


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


class _File:
    """One configuration file: its plain values, and the line of each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = self._compose(self._read())
        self.budget = MAX_VALUES
        self._loader = yaml.SafeLoader("")
        self.values: Any = {} if self.root is None else self._plain(self.root, 0)

    def settings(self, profile: str | None, env: Mapping[str, str]) -> Settings:
        """Everything is checked, the profiles that are not chosen too."""
        base = self._convert(self.values, ())
        for name, values in base.profiles.items():
            if "profiles" in values:
                raise self._error(("profiles", name, "profiles"), f"profile {name!r} cannot hold profiles")
            self._convert(values, ("profiles", name))
        if profile is None:
            return self._resolved(base, ("dsn",), env)
        if profile not in base.profiles:
            raise UsageError(
                f"{self.path}: there is no profile {profile!r}",
                near_hint(
                    profile,
                    base.profiles,
                    f"it has: {', '.join(sorted(base.profiles))}" if base.profiles else "it has no 'profiles'",
                ),
            )
        chosen = base.profiles[profile]
        place = ("profiles", profile, "dsn") if "dsn" in chosen else ("dsn",)
        return self._resolved(self._convert({**self.values, **chosen}, ("profiles", profile)), place, env)

    def _resolved(self, settings: Settings, dsn_place: tuple[str, ...], env: Mapping[str, str]) -> Settings:
        """Variables of the dsn expanded; rule folders made relative to the file."""
        dsn = settings.dsn
        if dsn is not None:
            try:
                dsn = Dsn(expand_dsn(dsn, env))
            except KeyError as exc:
                raise self._error(dsn_place, f"dsn: the environment variable {exc.args[0]} is not set") from None
        folders = tuple(self.path.parent / folder for folder in settings.rules_paths)
        return msgspec.structs.replace(settings, dsn=dsn, rules_paths=folders)

    def _read(self) -> str:
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise UsageError(f"{self.path}: larger than {MAX_BYTES // 1024} kB")
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise UsageError(f"{self.path}: not UTF-8 at byte {exc.start}") from exc
        except OSError as exc:
            raise UsageError(f"cannot read {self.path}: {exc.strerror}") from exc

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            place = f"{self.path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self.path)
            raise UsageError(f"{place}: {exc.problem or exc.context}") from exc
        except yaml.YAMLError as exc:
            raise UsageError(f"{self.path}: {' '.join(str(exc).split())}") from exc
        except RecursionError as exc:
            raise UsageError(f"{self.path}: nested too deeply") from exc

    def _plain(self, node: yaml.Node, depth: int) -> Any:
        """The node as dict, list or scalar."""
        self.budget -= 1
        if self.budget < 0 or depth > 20:
            raise UsageError(f"{self.path}:{node.start_mark.line + 1}: too many or too deeply nested values")
        if isinstance(node, yaml.MappingNode):
            return {key: self._plain(value, depth + 1) for key, value in self._items(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(value, depth + 1) for value in node.value]
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as exc:
            reason = getattr(exc, "problem", None) or exc
            raise UsageError(f"{self.path}:{node.start_mark.line + 1}: {reason}") from exc

    def _items(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
        seen = set()
        for key, value in node.value:
            where = f"{self.path}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{where}: a key must be a word")
            if key.value in seen:
                raise UsageError(f"{where}: {key.value!r} is there twice")
            seen.add(key.value)
            yield key.value, value

    def _convert(self, values: Any, place: tuple[str, ...]) -> Settings:
        try:
            settings = msgspec.convert({} if values is None else values, Settings, dec_hook=_from_text)
        except msgspec.ValidationError as exc:
            raise self._rejected(str(exc), place) from exc
        if settings.dsn is not None and has_plain_password(settings.dsn):
            hint = "use ~/.pgpass, or ${PGPASSWORD} in place of the password"
            raise self._error((*place, "dsn"), "dsn: passwords do not belong in this file", hint)
        return settings

    def _rejected(self, message: str, place: tuple[str, ...]) -> UsageError:
        """msgspec's message with its path turned into a line, and a near miss for an unknown key."""
        problem, _, path = message.partition(" - at `$")
        steps = tuple(name or index for name, index in _PATH_STEP.findall(path.rstrip("`")))
        key = ".".join(step for step in (*place, *steps) if step != "...")
        strange = re.fullmatch(r"Object contains unknown field `(.*)`", problem, re.DOTALL)
        if strange:
            known = _keys((*place, *steps))
            meant = near(strange[1], known)
            hint = f"did you mean {meant!r}?" if meant else f"the keys are: {', '.join(known)}"
            return self._error((*place, *steps, strange[1]), f"unknown key {strange[1]!r}", hint)
        wrong = re.fullmatch(r"Invalid enum value '(.*)'", problem, re.DOTALL)
        if wrong:
            mistake = unknown("value", wrong[1], _words((*place, *steps)))
            return self._error((*place, *steps), f"{key}: {mistake}", mistake.hint)
        problem = re.sub(r"`object`", "a mapping", problem).replace("`array`", "a list").replace("`", "")
        return self._error((*place, *steps), f"{key}: {problem}" if key else problem)

    def _error(self, place: tuple[str, ...], message: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{self.path}:{self._line(place)}: {message}", hint)

    def _line(self, place: tuple[str, ...]) -> int:
        """The line of the value at `place`; of the nearest that is in the file where it is not."""
        node, line = self.root, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == step), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                line = node.start_mark.line + 1
        return line


def _from_text(type_: type, value: Any) -> Any:
    try:
        if type_ is Milliseconds:
            return Milliseconds(parse_duration_ms(value))
        if type_ is Bytes:
            return Bytes(parse_size_bytes(value))
    except UsageError as exc:
        raise ValueError(str(exc)) from exc  # which msgspec takes up, with the place
    if isinstance(value, str):
        return type_(value)
    raise ValueError(f"Expected str, got {type(value).__name__}")


def _keys(place: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that the mapping at `place` may have."""
    within = place[2:] if place[:1] == ("profiles",) else place
    struct: type[msgspec.Struct] = Settings
    for step in within:
        types = {each.encode_name: each.type for each in msgspec.structs.fields(struct)}
        struct = _struct_within(types[step]) or struct if step in types else struct
    return tuple(each.encode_name for each in msgspec.structs.fields(struct))


def _words(place: tuple[str, ...]) -> tuple[str, ...]:
    """The words that the value at `place` may be; none where it is not one of a few."""
    struct: type[msgspec.Struct] = Settings
    type_: Any = None
    for step in place[2:] if place[:1] == ("profiles",) else place:
        types = {each.encode_name: each.type for each in msgspec.structs.fields(struct)}
        # in a mapping of names to words, the name is no field
        type_ = types.get(step, type_)
        struct = _struct_within(type_) or struct
    return tuple(_words_within(type_))


def _words_within(type_: Any) -> Iterator[str]:
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        yield from (str(each) for each in type_)
    for inner in get_args(type_):
        yield from _words_within(inner)


def _struct_within(type_: Any) -> type[msgspec.Struct] | None:
    """The structure that a field holds, alone, in a tuple or beside None."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for inner in get_args(type_) if (found := _struct_within(inner))), None)


_URI = re.compile(r"([a-z][a-z0-9+]*://)(?:([^/?#]*)@)?(.*)", re.IGNORECASE | re.DOTALL)
_PASSWORD_WORD = re.compile(r"(?:^|[\s?&])(?:password|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]*)", re.IGNORECASE)


def has_plain_password(dsn: str) -> bool:
    """Whether a password is spelled out in it; one from the environment, `${NAME}`, is not."""
    spelled = [word.strip("'") for word in _PASSWORD_WORD.findall(dsn)]
    uri = _URI.fullmatch(dsn)
    if uri and uri[2] and ":" in uri[2]:
        spelled.append(uri[2].partition(":")[2])
    return any(word and not _VARIABLE.fullmatch(word) for word in spelled)


def expand_dsn(dsn: str, env: Mapping[str, str]) -> str:
    """`${NAME}` replaced, quoted for its place so that no character of a password ends it. KeyError: not set."""
    uri = _URI.fullmatch(dsn)
    if uri is None:
        words = re.sub(r"(?<==)\$\{(\w+)\}(?=\s|$)", lambda match: _conninfo(env[match[1]]), dsn)
        return _VARIABLE.sub(lambda match: env[match[1]], words)
    user = _VARIABLE.sub(lambda match: quote(env[match[1]], safe=""), uri[2]) + "@" if uri[2] is not None else ""
    return uri[1] + user + _VARIABLE.sub(lambda match: env[match[1]], uri[3])


def _conninfo(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

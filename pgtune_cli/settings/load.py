"""Where `pgtune.yaml` is found, and the settings that come of it.

Every mistake is one line that names file, line and key. Precedence (options, environment, profile) is the CLI's.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from pgtune_cli.errors import UsageError, near, near_hint, unknown
from pgtune_cli.model.quantities import Bytes, Milliseconds
from pgtune_cli.settings.dsn import Dsn, expand_dsn, has_plain_password
from pgtune_cli.settings.keys import Settings
from pgtune_cli.settings.places import keys_at, words_at
from pgtune_cli.settings.units import parse_duration_ms, parse_size_bytes
from pgtune_cli.settings.yaml_file import YamlFile

FILE_NAMES = ("pgtune.yaml", ".pgtune.yaml")
_PATH_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


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
    return _chosen(YamlFile(path), profile, env)


def example() -> str:
    """The commented pgtune.yaml that `pgtune init` writes: it says the defaults."""
    return files("pgtune_cli").joinpath("example.yaml").read_text(encoding="utf-8")


def _chosen(file: YamlFile, profile: str | None, env: Mapping[str, str]) -> Settings:
    """Everything is checked, the profiles that are not chosen too."""
    base = _convert(file, file.values, ())
    for name, values in base.profiles.items():
        if "profiles" in values:
            raise file.error(("profiles", name, "profiles"), f"profile {name!r} cannot hold profiles")
        _convert(file, values, ("profiles", name))
    if profile is None:
        return _resolved(file, base, ("dsn",), env)
    if profile not in base.profiles:
        raise UsageError(
            f"{file.path}: there is no profile {profile!r}",
            near_hint(
                profile,
                base.profiles,
                f"it has: {', '.join(sorted(base.profiles))}" if base.profiles else "it has no 'profiles'",
            ),
        )
    chosen = base.profiles[profile]
    place = ("profiles", profile, "dsn") if "dsn" in chosen else ("dsn",)
    return _resolved(file, _convert(file, {**file.values, **chosen}, ("profiles", profile)), place, env)


def _resolved(file: YamlFile, settings: Settings, dsn_place: tuple[str, ...], env: Mapping[str, str]) -> Settings:
    """Variables of the dsn expanded; rule folders made relative to the file."""
    dsn = settings.dsn
    if dsn is not None:
        try:
            dsn = Dsn(expand_dsn(dsn, env))
        except KeyError as exc:
            raise file.error(dsn_place, f"dsn: the environment variable {exc.args[0]} is not set") from None
    folders = tuple(file.path.parent / folder for folder in settings.rules_paths)
    return msgspec.structs.replace(settings, dsn=dsn, rules_paths=folders)


def _convert(file: YamlFile, values: Any, place: tuple[str, ...]) -> Settings:
    try:
        settings = msgspec.convert({} if values is None else values, Settings, dec_hook=_from_text)
    except msgspec.ValidationError as exc:
        raise _rejected(file, str(exc), place) from exc
    if settings.dsn is not None and has_plain_password(settings.dsn):
        hint = "use ~/.pgpass, or ${PGPASSWORD} in place of the password"
        raise file.error((*place, "dsn"), "dsn: passwords do not belong in this file", hint)
    return settings


def _rejected(file: YamlFile, message: str, place: tuple[str, ...]) -> UsageError:
    """msgspec's message with its path turned into a line, and a near miss for an unknown key."""
    problem, _, path = message.partition(" - at `$")
    steps = tuple(name or index for name, index in _PATH_STEP.findall(path.rstrip("`")))
    key = ".".join(step for step in (*place, *steps) if step != "...")
    strange = re.fullmatch(r"Object contains unknown field `(.*)`", problem, re.DOTALL)
    if strange:
        known = keys_at((*place, *steps))
        meant = near(strange[1], known)
        hint = f"did you mean {meant!r}?" if meant else f"the keys are: {', '.join(known)}"
        return file.error((*place, *steps, strange[1]), f"unknown key {strange[1]!r}", hint)
    wrong = re.fullmatch(r"Invalid enum value '(.*)'", problem, re.DOTALL)
    if wrong:
        mistake = unknown("value", wrong[1], words_at((*place, *steps)))
        return file.error((*place, *steps), f"{key}: {mistake}", mistake.hint)
    problem = re.sub(r"`object`", "a mapping", problem).replace("`array`", "a list").replace("`", "")
    return file.error((*place, *steps), f"{key}: {problem}" if key else problem)


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

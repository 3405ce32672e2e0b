"""How a setting is changed where the server is: ALTER SYSTEM, or what a managed service has in its place."""

from collections.abc import Mapping
from typing import Any

import msgspec

from pgtune_cli.collect.services import service_of
from pgtune_cli.lint.template import Template
from pgtune_cli.model.finding import Suggestion


class RuleSetting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the whole server that a rule would have changed."""

    name: str
    to: Template
    """the value: plain text, or numbers; in `unit`, which is the setting's own."""
    unit: str = ""
    restart: bool = False


def advise_setting(
    kind: str, text: str | None, setting: RuleSetting, facts: object, params: Mapping[str, Any], service: str | None
) -> Suggestion:
    """SQL where ALTER SYSTEM is to be had; the service's own way in words where it is not; neither without a value."""
    if any(getattr(facts, name) is None for name in setting.to.facts):
        return Suggestion(kind=kind, sql=None, rollback_sql=None, text=text)
    value = setting.to.render(facts, params)
    managed = service_of(service)
    if managed.name is not None:
        how = managed.set(setting.name, value, restart=setting.restart)
        return Suggestion(kind=kind, sql=None, rollback_sql=None, text=_joined(text, f"On {managed.name}: {how}"))
    then = "" if setting.restart else ";\nSELECT pg_reload_conf()"
    return Suggestion(
        kind=kind,
        sql=f"ALTER SYSTEM SET {setting.name} = '{value}{setting.unit}'{then}",
        rollback_sql=f"ALTER SYSTEM RESET {setting.name}{then}",
        text=_joined(text, "It takes a restart of the server." if setting.restart else ""),
    )


def _joined(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None

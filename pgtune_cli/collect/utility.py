"""Utility commands as they are counted: by what they do, without a name of an object or a value that somebody gave."""

import re
from collections import defaultdict
from collections.abc import Iterable

from pgtune_cli.collect.entries import Entry
from pgtune_cli.collect.kind import Kind, skip_comments
from pgtune_cli.model.snapshot import UtilityUse

MOST = 50
NAME_LENGTH = 63
_NAME = r'(?:[A-Za-z_][\w$]*|"[^"]+")'
_WORDS = re.compile(r"([A-Za-z]+)(?:\s+([A-Za-z]+)\b)?")
_SETTING = re.compile(
    rf"(SET|RESET|SHOW)\s+(?:(LOCAL|SESSION)\s+(?!AUTHORIZATION))?(TIME\s+ZONE|SESSION\s+AUTHORIZATION|{_NAME}(?:\.{_NAME})*)",
    re.IGNORECASE,
)
_WITH_OBJECT = frozenset(("CREATE", "ALTER", "DROP", "REFRESH", "DISCARD", "START"))
_KEYWORDS = frozenset(("role", "transaction", "constraints", "all", "time zone", "session authorization"))


def utility_uses(entries: Iterable[Entry]) -> tuple[UtilityUse, ...]:
    """The commands that were called most."""
    calls: defaultdict[str, int] = defaultdict(int)
    times: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        if entry.kind is Kind.UTILITY:
            command = command_of(entry.head)
            calls[command] += entry.counters.calls
            times[command] += entry.counters.total_ms
    ranked = sorted(calls, key=lambda command: (-calls[command], command))
    return tuple(UtilityUse(command, calls[command], times[command]) for command in ranked[:MOST])


def command_of(text: str) -> str:
    """`SET application_name`, `SET LOCAL app.tenant`, `DISCARD ALL`, `BEGIN`, `CREATE TABLE`."""
    text = text[skip_comments(text) :]
    setting = _SETTING.match(text)
    if setting is not None:
        return _setting(*setting.groups())
    words = _WORDS.match(text)
    if words is None:
        return "OTHER"
    first, second = words[1].upper(), (words[2] or "").upper()
    if first == "SELECT":
        return "SELECT set_config"
    return f"{first} {second}".strip() if first in _WITH_OBJECT else first


def _setting(verb: str, scope: str | None, name: str) -> str:
    local = " LOCAL" if (scope or "").upper() == "LOCAL" else ""
    folded = re.sub(r'"([^"]+)"|([^".]+)', lambda part: part[1] or part[2].lower(), name)
    words = " ".join(folded.split())
    return f"{verb.upper()}{local} {words.upper() if words in _KEYWORDS else words[:NAME_LENGTH]}"

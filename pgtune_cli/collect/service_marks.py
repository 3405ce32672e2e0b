"""Which managed service a server belongs to, told by what it shows of itself."""

from collections.abc import Iterable, Sequence

import msgspec

from pgtune_cli.collect.reader import Reader
from pgtune_cli.collect.services import OWN, SERVICES, Service


class Marks(msgspec.Struct, frozen=True):
    """What was seen: pairs of kind (function, setting, host, database, role) and name."""

    found: tuple[tuple[str, str], ...] = ()

    def of(self, service: Service) -> list[tuple[str, str]]:
        """Those of a service, the surest first."""
        mine = [(kind, name) for kind, name in self.found if _is_of(service, kind, name)]
        return sorted(mine, key=lambda mark: (_STRENGTH.index(mark[0]), mark[1]))


_STRENGTH = ("function", "setting", "host", "database", "role")
"""a role or a database may have come with a dump of another place."""


async def read_marks(reader: Reader, host: str | None) -> Marks:
    """Roles, settings, databases and functions that only services have; nothing where that cannot be read."""
    names = [
        sorted({name for service in SERVICES for name in getattr(service, kind)})
        for kind in ("roles", "databases", "functions", "settings")
    ]
    prefixes = sorted({_prefix(name) for name in names[-1]})
    rows = await reader.rows("service", *names, prefixes)
    seen = [(str(row["kind"]), str(row["name"])) for row in rows]
    return Marks((*seen, *([("host", host)] if host else [])))


def told(marks: Marks) -> tuple[Service, list[tuple[str, str]]]:
    """The service with the surest mark, and its marks; OWN and none."""
    judged = [(service, found) for service in SERVICES if (found := _needed(service, marks))]
    best = min(judged, key=lambda each: _STRENGTH.index(each[1][0][0]), default=None)
    return best if best is not None else (OWN, [])


def spoken(marks: Sequence[tuple[str, str]]) -> str:
    """`the setting rds.extensions, the role rds_superuser`, the surest of each kind."""
    first: dict[str, str] = {}
    for kind, name in marks:
        first.setdefault(kind, name)
    return ", ".join(f"the {kind} {name}" for kind, name in first.items())


def _needed(service: Service, marks: Marks) -> list[tuple[str, str]]:
    """Its marks; none of a service that shows functions of its own, and here does not."""
    found = marks.of(service)
    kinds = {kind for kind, _ in found}
    cluster = any(kind == "host" and ".cluster-" in name for kind, name in found)
    return found if not service.functions or "function" in kinds or cluster else []


def _is_of(service: Service, kind: str, name: str) -> bool:
    if kind == "host":
        return name.lower().endswith(service.hosts) if service.hosts else False
    if kind == "setting":
        return _prefix(name) in _prefixes(service.settings)
    return name in {"role": service.roles, "database": service.databases, "function": service.functions}[kind]


def _prefixes(settings: Iterable[str]) -> set[str]:
    return {_prefix(name) for name in settings}


def _prefix(setting: str) -> str:
    return setting.partition(".")[0]

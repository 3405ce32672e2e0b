"""The roles that run the statements: row security is planned for them, with the settings they have of their own.

A role of the clone owns nothing, may read and write every table, and can do nothing else. The login that made the
snapshot, superusers and whoever is above row security are planned as the tables' owner.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.model.catalog import Catalog, Policy, RelationKind, RelationName
from pgtune_cli.model.snapshot import Skipped, Snapshot
from pgtune_cli.sql.fingerprint import fingerprint as fingerprint_of
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.whatif.clone.ground import OWNER, schema_names
from pgtune_cli.whatif.clone.item import Item, Stage
from pgtune_cli.whatif.clone.planner_settings import PLANNER_SETTINGS
from pgtune_cli.whatif.reason import reason_of

READERS = "pgtune_clone_readers"
COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}


def policed(catalog: Catalog) -> frozenset[RelationName]:
    return frozenset(relation.relation_name for relation in catalog.relations if relation.row_security)


async def create_roles(admin: Connection, snapshot: Snapshot) -> tuple[frozenset[str], list[Skipped]]:
    """Those that policies name and that run statements, where there is row security. Before any definition runs."""
    if not policed(snapshot.catalog):
        return frozenset(), []
    lost = []
    await admin.execute(f"CREATE ROLE {READERS}")
    members = {role.name: role.member_of for role in snapshot.catalog.roles}
    names = sorted(_wanted(snapshot, members))
    created: set[str] = set()
    for name in names:
        try:
            await admin.execute(f"CREATE ROLE {quote_identifier(name)} NOLOGIN IN ROLE {READERS}")
            await admin.execute(f"GRANT {quote_identifier(name)} TO {OWNER} WITH INHERIT FALSE, SET TRUE")
            created.add(name)
        except PostgresError as error:
            lost.append(Skipped(f"role {name}", reason_of(error)))
    for name in created:
        for above in created & set(members.get(name, ())):
            await admin.execute(f"GRANT {quote_identifier(above)} TO {quote_identifier(name)}")
    return frozenset(created), lost


async def created_roles(admin: Connection) -> frozenset[str]:
    """Those that this clone has."""
    rows = await admin.fetch(
        "SELECT r.rolname::text AS name FROM pg_auth_members m"
        " JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid WHERE g.rolname = $1",
        READERS,
    )
    return frozenset(row["name"] for row in rows)


def _wanted(snapshot: Snapshot, members: Mapping[str, Sequence[str]]) -> set[str]:
    bypassing = {role.name for role in snapshot.catalog.roles if role.bypasses_row_security}
    todo = {role for policy in snapshot.catalog.policies for role in policy.roles}
    todo |= {row.role for row in snapshot.workload.rows} | {snapshot.server.user}
    todo |= {relation.owner for relation in snapshot.catalog.relations if relation.kind is RelationKind.VIEW}
    found: set[str] = set()
    while todo:
        name = todo.pop()
        found.add(name)
        todo |= set(members.get(name, ())) - found
    return {name for name in found if not name.startswith("pg_")} - bypassing - {"postgres", OWNER, READERS, ""}


SCHEMAS = "SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY nspname"


async def grant(admin: Connection, catalog: Catalog, roles: frozenset[str]) -> None:
    """Every table to the roles: what they may not do on the source does not change a plan. Views to their owners,
    for whom row security holds in them."""
    if not policed(catalog):
        return
    for row in await admin.fetch(SCHEMAS, list(schema_names(catalog))):
        name = quote_identifier(row["name"])
        await admin.execute(f"GRANT USAGE ON SCHEMA {name} TO {READERS}")
        await admin.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {READERS}")
    views = [one for one in catalog.relations if one.kind is RelationKind.VIEW and one.owner in roles]
    for view in views:
        name = qualified(view.relation_name)
        if await admin.fetchval("SELECT to_regclass($1) IS NOT NULL", name):
            await admin.execute(f"ALTER VIEW {name} OWNER TO {quote_identifier(view.owner)}")
            await admin.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {OWNER}")


def policy_items(catalog: Catalog, roles: frozenset[str]) -> Iterable[Item]:
    """`roles` are those of the clone: a policy for others alone binds nobody there."""
    for name in sorted(policed(catalog)):
        sql = f"ALTER TABLE {qualified(name)} ENABLE ROW LEVEL SECURITY"
        yield Item(stage=Stage.POLICY, what=f"row security of {name}", sql=sql)
    for policy in catalog.policies:
        bound = [role for role in policy.roles if role in roles]
        if bound or not policy.roles:
            what = f"policy {policy.name} of {policy.table}"
            yield Item(stage=Stage.POLICY, what=what, sql=_policy_sql(policy, bound))


def _policy_sql(policy: Policy, roles: list[str]) -> str:
    kind = "PERMISSIVE" if policy.permissive else "RESTRICTIVE"
    bound = ", ".join(map(quote_identifier, roles)) or "PUBLIC"
    using = f" USING ({policy.using})" if policy.using is not None else ""
    check = f" WITH CHECK ({policy.check})" if policy.check is not None else ""
    return (
        f"CREATE POLICY {quote_identifier(policy.name)} ON {qualified(policy.table)} AS {kind}"
        f" FOR {COMMANDS.get(policy.command, 'ALL')} TO {bound}{using}{check}"
    )


class Roles:
    """As whom to plan what."""

    def __init__(self, snapshot: Snapshot, created: frozenset[str]) -> None:
        self._created = created
        self._login = snapshot.server.user
        self._tables = {one.relation_name: one for one in snapshot.catalog.relations if one.row_security}
        self._members = {role.name: role.member_of for role in snapshot.catalog.roles}
        self._settings = _settings(snapshot)
        self._rows = snapshot.workload.rows
        self._times: dict[str, dict[str, float]] | None = None

    def of(self, fingerprint: str, asked: str | None, tables: frozenset[RelationName]) -> str | None:
        """The role to plan a statement as; None where it makes no difference. `asked` wins over who ran it most."""
        role = asked or self._runs(fingerprint)
        if role is None:
            return None
        has_settings = role != self._login and role in self._settings
        return role if has_settings or self.is_bound(role, tables) else None

    def is_bound(self, role: str, tables: frozenset[RelationName]) -> bool:
        """Whether row security holds for it: owners are bound where it is forced."""
        protected = [self._tables[name] for name in tables if name in self._tables]
        above = self._above(role)
        return role in self._created and any(
            table.force_row_security or table.owner not in above for table in protected
        )

    def exists(self, role: str) -> bool:
        return role in self._created

    def settings_of(self, role: str) -> Mapping[str, str]:
        return {} if role == self._login else self._settings.get(role, {})

    def _above(self, role: str) -> set[str]:
        found, todo = set(), [role]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo.extend(self._members.get(name, ()))
        return found

    def _runs(self, fingerprint: str) -> str | None:
        """Who spent most of a statement's time."""
        if not self._tables and not self._settings:
            return None
        if self._times is None:
            self._times = defaultdict(lambda: defaultdict(float))
            for row in self._rows:
                self._times[fingerprint_of(row.query)][row.role] += row.total_exec_time_ms
        ran = self._times.get(fingerprint)
        return max(ran, key=lambda role: (ran[role], role)) if ran else None


def _settings(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """By role; the first of a name wins, as the source lists them."""
    found: dict[str, dict[str, str]] = {}
    for one in snapshot.usage.server.role_settings or ():
        if one.role is not None and one.name in PLANNER_SETTINGS:
            found.setdefault(one.role, {}).setdefault(one.name, one.value)
    return found

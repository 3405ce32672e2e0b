"""Managed services, by what they show of themselves, and how each lets its users mend what the doctor finds.

Sources, read November 2026: the services' own guides to their roles, parameters and pg_stat_statements
(docs.aws.amazon.com, cloud.google.com, learn.microsoft.com, supabase.com/docs, neon.com/docs).
"""

import re

import msgspec


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a service, and its remedies; `{setting}`, `{value}` and `{user}` are filled in."""

    name: str | None
    """None: a server of one's own."""
    roles: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    """settings that only it has; all with the same first word count."""
    databases: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """how the names of its hosts end."""
    where: str
    """where settings are changed."""
    change: str
    restart: str = "{change}; it takes a restart"
    """the same for a setting that only a restart changes."""
    admin: str
    """the role that grants and creates."""
    preload: str
    create: str = "CREATE EXTENSION pg_stat_statements; (as a member of {admin})"
    bypass: str = "ALTER ROLE {user} BYPASSRLS; (as {admin}, where the service allows it)"

    def set(self, setting: str, value: str, *, restart: bool) -> str:
        change = _filled(self.change, setting=setting, value=value)
        return _filled(self.restart, change=change, setting=setting, value=value) if restart else change

    def created(self) -> str:
        """How pg_stat_statements is created there."""
        return _filled(self.create, admin=self.admin)

    def bypassed(self, user_sql: str) -> str:
        return _filled(self.bypass, user=user_sql, admin=self.admin)


def _filled(template: str, **values: str) -> str:
    """In one pass: what is filled in may look like a place itself."""
    return re.sub(r"\{(\w+)\}", lambda place: values[place[1]], template)


def _aws(kind: str, method: str) -> str:
    return (
        f"aws rds modify-{kind}-parameter-group --{kind}-parameter-group-name <a group of your own> "
        f'--parameters "ParameterName={{setting}},ParameterValue={{value}},ApplyMethod={method}"'
    )


def _aws_reboot(instance: str) -> str:
    return f"; aws rds reboot-db-instance --db-instance-identifier {instance}"


OWN = Service(
    name=None,
    where="ALTER SYSTEM or postgresql.conf",
    change="ALTER SYSTEM SET {setting} = '{value}'; SELECT pg_reload_conf()",
    restart="ALTER SYSTEM SET {setting} = '{value}'; restart the server",
    admin="superuser",
    preload="add pg_stat_statements to shared_preload_libraries in postgresql.conf and restart the server",
    create="CREATE EXTENSION pg_stat_statements",
    bypass="ALTER ROLE {user} BYPASSRLS",
)
_ELSEWHERE = "set {setting} = {value} in the service's console"
_GOOGLE_FLAGS = (
    "--database-flags={setting}={value} (name the flags that are set already too: the list takes their place)"
)
_CONSOLE = "set shared_preload_libraries in the service's console"

SERVICES = (
    Service(
        name="Amazon Aurora",
        roles=("rds_superuser", "rdsadmin"),
        settings=("rds.extensions", "rds.force_ssl", "apg_plan_mgmt.capture_plan_baselines"),
        functions=("aurora_version",),
        hosts=(".rds.amazonaws.com", ".rds.amazonaws.com.cn"),
        where="the cluster's parameter group",
        change=_aws("db-cluster", "immediate"),
        restart=_aws("db-cluster", "pending-reboot") + _aws_reboot("<every instance>"),
        admin="rds_superuser",
        preload="add pg_stat_statements to shared_preload_libraries in the cluster's parameter group and reboot "
        "the instances",
    ),
    Service(
        name="Amazon RDS",
        roles=("rds_superuser", "rdsadmin"),
        settings=("rds.extensions", "rds.force_ssl", "rds.logical_replication"),
        databases=("rdsadmin",),
        hosts=(".rds.amazonaws.com", ".rds.amazonaws.com.cn"),
        where="the instance's parameter group",
        change=_aws("db", "immediate"),
        restart=_aws("db", "pending-reboot") + _aws_reboot("<instance>"),
        admin="rds_superuser",
        preload="add pg_stat_statements to shared_preload_libraries in the instance's parameter group and reboot it",
    ),
    Service(
        name="Google AlloyDB",
        roles=("alloydbsuperuser", "alloydbadmin"),
        settings=("alloydb.iam_authentication", "alloydb.logical_decoding", "google_columnar_engine.enabled"),
        databases=("alloydbadmin", "alloydbmetadata"),
        where="the instance's database flags",
        change="gcloud alloydb instances update <instance> --cluster=<cluster> --region=<region> "
        + _GOOGLE_FLAGS,
        restart="{change}; it restarts the instance",
        admin="alloydbsuperuser",
        preload="AlloyDB loads it by itself: ask Google's support",
    ),
    Service(
        name="Google Cloud SQL",
        roles=("cloudsqlsuperuser", "cloudsqladmin"),
        settings=("cloudsql.iam_authentication", "cloudsql.logical_decoding", "cloudsql.enable_pgaudit"),
        databases=("cloudsqladmin",),
        where="the instance's database flags",
        change="gcloud sql instances patch <instance> " + _GOOGLE_FLAGS,
        restart="{change}; it restarts the instance",
        admin="cloudsqlsuperuser",
        preload="Cloud SQL loads it by itself: ask Google's support",
    ),
    Service(
        name="Supabase",
        roles=("supabase_admin", "supabase_auth_admin"),
        settings=("supautils.privileged_role", "supautils.superuser", "supautils.reserved_roles"),
        hosts=(".supabase.co", ".supabase.com"),
        where="a role's settings (ALTER ROLE) and the Supabase CLI",
        change="ALTER ROLE <the application's role> SET {setting} = '{value}'; (as postgres)",
        restart="supabase --experimental --project-ref <project> postgres-config update --config {setting}={value} "
        "(it restarts the database; where the CLI does not take it, ask Supabase's support)",
        admin="postgres",
        preload="Supabase loads it by itself: restart the project in the dashboard, or ask Supabase's support",
        create="CREATE EXTENSION pg_stat_statements WITH SCHEMA extensions; (as postgres, or in the dashboard: "
        "Database, Extensions)",
        bypass="ALTER ROLE {user} BYPASSRLS; (as postgres)",
    ),
    Service(
        name="Neon",
        roles=("neon_superuser", "cloud_admin"),
        settings=("neon.tenant_id", "neon.timeline_id", "neon.pageserver_connstring"),
        hosts=(".neon.tech", ".neon.build"),
        where="the project's settings, by Neon's support",
        change="ask Neon's support for {setting} = {value} (its users set what is of the user context only)",
        restart="ask Neon's support for {setting} = {value}",
        admin="neon_superuser",
        preload="Neon loads it by itself: restart the compute",
        bypass="ALTER ROLE {user} BYPASSRLS; (as a role made in Neon's console, a member of neon_superuser)",
    ),
    Service(
        name="Azure Database for PostgreSQL",
        roles=("azure_pg_admin", "azuresu"),
        settings=("azure.extensions", "azure.accepted_password_auth_method"),
        databases=("azure_maintenance", "azure_sys"),
        hosts=(".postgres.database.azure.com",),
        where="the server parameters",
        change="az postgres flexible-server parameter set --resource-group <group> --server-name <server> "
        "--name {setting} --value {value}",
        restart="{change}; az postgres flexible-server restart --resource-group <group> --name <server>",
        admin="azure_pg_admin",
        preload="add pg_stat_statements to the server parameter shared_preload_libraries and restart the server",
        create="add pg_stat_statements to the server parameter azure.extensions, then "
        "CREATE EXTENSION pg_stat_statements; (as a member of {admin})",
        bypass="ALTER ROLE {user} BYPASSRLS; (as a member of {admin}; before PostgreSQL 16 the service refuses it: "
        "connect as a member of {admin})",
    ),
    Service(
        name="Aiven", roles=("avnadmin",), databases=("_aiven",), hosts=(".aivencloud.com",),
        where="the service's console", change=_ELSEWHERE, admin="avnadmin", preload=_CONSOLE,
    ),
    Service(
        name="DigitalOcean", roles=("doadmin",), databases=("_dodb",), hosts=(".db.ondigitalocean.com",),
        where="the database's API", change=_ELSEWHERE, admin="doadmin", preload=_CONSOLE,
    ),
    Service(
        name="Crunchy Bridge", roles=("crunchy_superuser",), hosts=(".postgresbridge.com",),
        where="the cluster's settings", change=_ELSEWHERE, admin="postgres", preload=_CONSOLE,
    ),
    Service(
        name="Tiger Cloud (Timescale)", roles=("tsdbadmin",), hosts=(".tsdb.cloud.timescale.com",),
        where="the service's console", change=_ELSEWHERE, admin="tsdbadmin", preload=_CONSOLE,
    ),
)  # fmt: skip
"""the more special one first, where two show the same."""


def service_of(name: str | None) -> Service:
    """By its name; OWN for None, and for one that is not known any more."""
    return next((service for service in SERVICES if service.name == name), OWN)

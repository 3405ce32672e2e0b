"""The shop: about two million rows at scale 1, made inside the server, the same ones every time."""

from collections.abc import Callable
from importlib.resources import files

from pgtune_cli.collect.connection import Connection

Progress = Callable[[str], None]

SIZES = {
    "customers": 100_000,
    "addresses": 150_000,
    "products": 12_000,
    "orders": 300_000,
    "reviews": 120_000,
    "carts": 60_000,
    "events": 250_000,
    "audit_log": 150_000,
}
"""rows at scale 1 of the tables that are drawn row by row; order_items and payments follow from the orders."""

_LOAD = (
    ("01_tables", "tables"),
    ("02_chance", "chance"),
    ("03_places", "places"),
    ("04_customers", "customers and addresses"),
    ("05_products", "products"),
    ("06_orders", "orders, their items and payments"),
    ("07_activity", "reviews, carts and events"),
    ("08_audit_log", "audit log"),
    ("09_keys", "primary and foreign keys"),
    ("10_indexes", "indexes"),
    ("11_sequences", "sequences"),
)


def silent(message: str) -> None:
    """Progress that nobody wants to see."""


def sizes(scale: float) -> dict[str, int]:
    """Rows of each table that is drawn row by row; never below a thousand, or there would be nothing to draw from."""
    return {name: max(1000, round(rows * scale)) for name, rows in SIZES.items()}


async def load_shop(connection: Connection, scale: float = 1.0, progress: Progress | None = None) -> None:
    """Fill the empty database of `connection`, which is a superuser's.

    The server gets the roles shop_app, shop_analyst and pgtune_reader (who may look at everything and change nothing)
    unless it has them. The usage counters of this database start anew afterwards, as the load is nobody's workload.
    """
    tell = progress or silent
    audit_rows = sizes(scale)["audit_log"]
    await _set(connection, {name: str(rows) for name, rows in sizes(scale).items()})
    await _set(connection, {"audit_log_from": "1", "audit_log_to": str(audit_rows // 10)})
    for name, what in _LOAD:
        tell(f"loading: {what}")
        await connection.execute(script(name))
    await connection.execute(script("12_roles"))
    tell("loading: statistics")
    await connection.execute("create extension if not exists pg_stat_statements")
    await _forget_usage(connection)
    await connection.execute("vacuum analyze")
    tell("loading: what came after the statistics")
    await _set(connection, {"audit_log_from": str(audit_rows // 10 + 1), "audit_log_to": str(audit_rows)})
    await connection.execute(script("08_audit_log"))
    await connection.execute(script("13_done"))


def script(name: str) -> str:
    """The text of one file of demo/sql."""
    return files("pgtune_cli").joinpath("demo", "sql", f"{name}.sql").read_text(encoding="utf-8")


async def _forget_usage(connection: Connection) -> None:
    """Counters reach the server's memory up to a second late; what comes after the reset would count."""
    late = "pg_stat_force_next_flush()" if connection.get_server_version() >= (15,) else "pg_sleep(1)"
    await connection.execute(f"select {late}")
    await connection.execute("select pg_stat_reset()")


async def _set(connection: Connection, values: dict[str, str]) -> None:
    for name, value in values.items():
        await connection.execute("select set_config('shop.' || $1, $2, false)", name, value)

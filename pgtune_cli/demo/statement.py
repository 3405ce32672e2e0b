"""What a statement of the workload is made of, and where its parameters come from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from pgtune_cli.collect.connection import Connection, Record
from pgtune_cli.demo.shop import sizes

APP = "shop_app"
ANALYST = "shop_analyst"
END = datetime(2025, 12, 31, tzinfo=UTC)
"""the shop's today."""

_DRAWN = 2000
_CUSTOMERS = "select id, email, full_name from customers where id = any($1)"
_PRODUCTS = "select id, sku, category_id from products where id = any($1)"
_ORDERS = "select id, order_number, customer_id, placed_at from orders where id = any($1)"
_PAYMENTS = "select id, order_id, provider_reference from payments where id = any($1)"


@dataclass(frozen=True)
class ShopSample:
    """Rows that the parameters are taken from, the popular ones several times.

    They are read by primary key, so that no other index counts a scan.
    """

    rows: dict[str, int]
    customers: list[Record]
    products: list[Record]
    orders: list[Record]
    payments: list[Record]


class Draw:
    """Parameters for the calls of one statement, skewed as people are, the same every time."""

    def __init__(self, name: str, sample: ShopSample, calls: Callable[[int], int]) -> None:
        self.sample = sample
        self.chance = Random(name)  # noqa: S311  (no secret)
        self.call = 0
        self.calls = calls
        """how often a statement that is called so often at scale 1 is called at this scale."""

    def customer(self) -> Record:
        return self.chance.choice(self.sample.customers)

    def product(self) -> Record:
        return self.chance.choice(self.sample.products)

    def order(self) -> Record:
        return self.chance.choice(self.sample.orders)

    def payment(self) -> Record:
        return self.chance.choice(self.sample.payments)

    def number(self, low: int, high: int, skew: float = 1.0) -> int:
        """low..high, the low ones more often the higher the skew."""
        return low + int((high - low + 1) * self.chance.random() ** skew)

    def one_of(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def days_ago(self, low: int, high: int) -> datetime:
        return END - timedelta(days=self.number(low, high))


def always(*arguments: object) -> Callable[[Draw], tuple[object, ...]]:
    """The same parameters at each call."""

    def same(_: Draw) -> tuple[object, ...]:
        return arguments

    return same


nothing = always()


@dataclass(frozen=True)
class WorkloadStatement:
    """A statement of the shop: its name, who sends it, how often at scale 1, its text and its parameters."""

    name: str
    role: str
    calls: int
    sql: str
    arguments: Callable[[Draw], tuple[object, ...]] = nothing


async def draw_sample(connection: Connection, scale: float) -> ShopSample:
    rows = sizes(scale)
    rows["payments"] = await connection.fetchval("select max(id) from payments")
    chance = Random("shop")  # noqa: S311  (no secret)

    async def some(sql: str, last: int, skew: float) -> list[Record]:
        wanted = [1 + int(last * chance.random() ** skew) * 1000003 % last for _ in range(_DRAWN)]
        found = {row["id"]: row for row in await connection.fetch(sql, wanted)}
        return [found[id_] for id_ in wanted if id_ in found]

    return ShopSample(
        rows=rows,
        customers=await some(_CUSTOMERS, rows["customers"] * 98 // 100, 1.6),
        products=await some(_PRODUCTS, rows["products"], 2.0),
        orders=await some(_ORDERS, rows["orders"], 1.0),
        payments=await some(_PAYMENTS, rows["payments"], 1.0),
    )

"""One statement of the clone's DDL, and the order in which they are tried."""

from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.whatif.reason import reason_of

MAX_PASSES = 25
"""objects depend on each other in ways the catalog does not tell: what failed is tried again while others succeed"""


class Stage(IntEnum):
    """The order of a first pass; most objects find what they need in an earlier stage."""

    TYPE = 1
    FUNCTION = 2
    TABLE = 3
    CHECK = 4
    FAMILY = 5
    INDEX = 6
    INDEX_FAMILY = 7
    DEFAULT = 8
    VIEW = 9
    FOREIGN_KEY = 10
    STATISTICS = 11


class Item(msgspec.Struct, frozen=True, kw_only=True):
    stage: Stage
    what: str
    """the object in words: `index public.orders_pkey`."""
    sql: str


async def run_items(
    connection: Connection, items: Iterable[Item], repair: Callable[[Item], Awaitable[Item | None]] | None = None
) -> list[tuple[Item, str]]:
    """Run each by itself, the failed ones again while any succeeds, once more as `repair` rewrites them.

    Returns what could not be run, with the reason.
    """
    failed = [(item, "") for item in sorted(items, key=lambda item: item.stage)]
    for _ in range(MAX_PASSES):
        before = len(failed)
        failed = await _one_pass(connection, [item for item, _ in failed])
        if failed and len(failed) == before:
            break
        if not failed:
            return []
    if repair is None:
        return failed
    repaired = [(await repair(item), item) for item, _ in failed]
    if not any(new for new, _ in repaired):
        return failed
    return await run_items(connection, [new or old for new, old in repaired])


async def _one_pass(connection: Connection, items: list[Item]) -> list[tuple[Item, str]]:
    failed: list[tuple[Item, str]] = []
    for item in items:
        try:
            # the extended protocol takes one statement only, whatever a definition holds
            await connection.fetch(item.sql)
        except PostgresError as error:
            failed.append((item, reason_of(error)))
    return failed

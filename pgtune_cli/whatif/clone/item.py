"""One statement of the clone's DDL, and the order in which they are tried."""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import IntEnum

import msgspec

from pgtune_cli.collect.connection import Connection, PostgresError
from pgtune_cli.errors import EmbeddedServerError
from pgtune_cli.whatif.reason import reason, reason_of, was_ended

QUERY_CANCELED = "57014"
BATCH = 50
"""statements in one round trip, and in one transaction"""
SERVICE = "pgtune_clone"
"""the schema of the clone's own functions"""
RUN_FUNCTION = f"""
CREATE FUNCTION {SERVICE}.run(statements text[])
RETURNS TABLE (number int, state text, message text) LANGUAGE plpgsql AS $$
BEGIN
  FOR place IN 1 .. pg_catalog.cardinality(statements) LOOP
    BEGIN
      EXECUTE statements[place];
    EXCEPTION WHEN OTHERS THEN
      number := place;
      state := SQLSTATE;
      message := SQLERRM;
      RETURN NEXT;
    END;
  END LOOP;
END $$"""
"""Each by itself, as the caller; a row of those that fail. It takes no transaction's end, and no COPY from a client."""
RUN = f"SELECT number, state, message FROM {SERVICE}.run($1)"
DEFINITION = re.compile(
    r"\s*(CREATE\s+(OR\s+REPLACE\s+)?(UNIQUE\s+)?"
    r"(AGGREGATE|CAST|DOMAIN|FUNCTION|INDEX|OPERATOR|POLICY|PROCEDURE|RULE|STATISTICS|TABLE|TEXT\s+SEARCH|TRIGGER"
    r"|TYPE|VIEW)|ALTER\s+(INDEX|TABLE|TEXT\s+SEARCH))\s",
    re.IGNORECASE,
)
"""What a snapshot may bring. No others: a COPY would wait for a client, a BEGIN or a SET outlast its statement."""
PATIENCE_PER_ITEM_S = 0.02
"""a definition takes a few milliseconds"""
MAX_PASSES = 25
"""objects depend on each other in ways the catalog does not tell: what failed is tried again while others succeed"""


class Stage(IntEnum):
    """The order of a first pass; most objects find what they need in an earlier stage."""

    TYPE = 1
    FUNCTION = 2
    OPERATOR = 3
    TABLE = 4
    CHECK = 5
    FAMILY = 6
    INDEX = 7
    INDEX_FAMILY = 8
    DEFAULT = 9
    VIEW = 10
    RULE = 11
    FOREIGN_KEY = 12
    STATISTICS = 13
    TABLESPACE = 14
    POLICY = 15


class Item(msgspec.Struct, frozen=True, kw_only=True):
    stage: Stage
    what: str
    """the object in words: `index public.orders_pkey`."""
    sql: str


async def run_items(
    connection: Connection,
    items: Iterable[Item],
    repair: Callable[[Item], Awaitable[Item | None]] | None = None,
    patience_s: float = 60.0,
) -> list[tuple[Item, str]]:
    """Run each by itself, the failed ones again while any succeeds, once more as `repair` rewrites them.

    Returns what could not be run, with the reason. Raises EmbeddedServerError when all of them take too long.
    """
    ordered = sorted(items, key=lambda item: item.stage)
    failed = [(item, "") for item in ordered if DEFINITION.match(item.sql)]
    endless = [(item, "is no definition of an object") for item in ordered if not DEFINITION.match(item.sql)]
    ends = time.monotonic() + patience_s + PATIENCE_PER_ITEM_S * len(ordered)
    for _ in range(MAX_PASSES):
        before = len(failed)
        failed = await _one_pass(connection, [item for item, _ in failed], endless, ends)
        if failed and len(failed) == before:
            break
        if not failed:
            return endless
    failed = endless + failed
    if repair is None:
        return failed
    repaired = [(await repair(item), item) for item, _ in failed]
    if not any(new for new, _ in repaired):
        return failed
    return await run_items(connection, [new or old for new, old in repaired], patience_s=patience_s)


async def _one_pass(
    connection: Connection, items: list[Item], endless: list[tuple[Item, str]], ends: float
) -> list[tuple[Item, str]]:
    """What failed. What ran into the time limit will again: it is put to the `endless` ones."""
    failed: list[tuple[Item, str]] = []
    for batch in _batches(items):
        _check(ends)
        if len(batch) == 1:
            failed += await _one_by_one(connection, batch, endless, ends)
            continue
        try:
            rows = await connection.fetch(RUN, [item.sql for item in batch])
        except PostgresError as error:
            if was_ended(error):
                raise
            failed += await _one_by_one(connection, batch, endless, ends)
        else:
            failed += [(batch[row["number"] - 1], reason(row["state"], row["message"])) for row in rows]
    return failed


def _check(ends: float) -> None:
    if time.monotonic() > ends:
        raise EmbeddedServerError("the definitions of this database keep the clone's server busy for too long")


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    """In their order. What holds a semicolon is alone: it could be more than one statement."""
    batch: list[Item] = []
    for item in items:
        alone = ";" in item.sql
        if batch and (alone or len(batch) == BATCH):
            yield batch
            batch = []
        batch.append(item)
        if alone:
            yield batch
            batch = []
    if batch:
        yield batch


async def _one_by_one(
    connection: Connection, items: list[Item], endless: list[tuple[Item, str]], ends: float
) -> list[tuple[Item, str]]:
    """As long as each of them is within the time limit, or what they leave behind kept them from running together."""
    failed: list[tuple[Item, str]] = []
    for item in items:
        _check(ends)
        try:
            # the extended protocol takes one statement only, whatever a definition holds
            await connection.fetch(item.sql)
        except PostgresError as error:
            if was_ended(error):
                raise
            timed_out = error.sqlstate == QUERY_CANCELED
            (endless if timed_out else failed).append((item, reason_of(error)))
    return failed

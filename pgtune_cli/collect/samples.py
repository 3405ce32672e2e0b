"""Texts with their literals, seen in pg_stat_activity while a window passes."""

import asyncio
from collections import Counter
from collections.abc import Callable

from pgtune_cli.collect.connection import Connection, transaction
from pgtune_cli.collect.kind import Kind, kind_of
from pgtune_cli.collect.queries import query
from pgtune_cli.collect.reader import UNREADABLE, reason, text_of
from pgtune_cli.model.snapshot import SampledText

CHANNEL = "pg_stat_activity"
INTERVAL_S = 0.2
MAX_TEXTS = 5_000
MAX_BYTES = 16 << 20


class Samples:
    """What was seen: each run of a text counts once, however often it was looked at."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self.hidden = False
        self.failed: str | None = None
        """why a look at the sessions failed, the last time one did."""
        self._runs: set[tuple[int, float]] = set()
        self._bytes = 0

    def add(self, pid: int, started: float, text: str) -> None:
        if (pid, started) in self._runs:
            return
        self._runs.add((pid, started))
        kind = kind_of(text)
        self.hidden = self.hidden or kind is Kind.HIDDEN
        if kind is not Kind.QUERY:
            return
        if text not in self.texts:
            if len(self.texts) >= MAX_TEXTS or self._bytes + len(text) > MAX_BYTES:
                return
            self._bytes += len(text)
        self.texts[text] += 1

    def sampled(self) -> tuple[SampledText, ...]:
        return tuple(SampledText(text, CHANNEL, float(seen)) for text, seen in sorted(self.texts.items()))


async def watch(
    connection: Connection, seconds: float, since: float, progress: Callable[[str], None] | None = None
) -> Samples:
    """Look at the other sessions again and again until `seconds` have passed. No transaction stays open between.

    `since`: the server's clock when the window began. A look that fails is noted.
    """
    loop = asyncio.get_running_loop()
    begin = loop.time()
    samples = Samples()
    while (passed := loop.time() - begin) < seconds:
        if progress is not None:
            progress(f"watching the statements: {seconds - passed:.0f} s left")
        await _look(connection, since, samples)
        await asyncio.sleep(max(0.0, min(INTERVAL_S, seconds - (loop.time() - begin))))
    await _look(connection, since, samples)
    return samples


async def _look(connection: Connection, since: float, samples: Samples) -> None:
    try:
        async with transaction(connection, isolation="read_committed"):
            rows = await connection.fetch(query("activity").text, since)
    except UNREADABLE as exc:
        samples.failed = reason(exc)
        return
    for row in rows:
        text = text_of(row["query"])
        if text:
            samples.add(row["pid"], row["started"] or 0.0, text)

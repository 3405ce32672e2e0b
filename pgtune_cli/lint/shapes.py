"""The shapes of all statements, read once each, kept small.

A shape takes ten times the room of its text. It is kept as the bytes that msgspec makes of it, so that the memory of a
run does not grow with what the facts of one statement need; reading it back takes a thirtieth of parsing the text.
"""

import gc
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import msgspec

from pgtune_cli.model.catalog import Catalog
from pgtune_cli.model.statement import Statement
from pgtune_cli.sql.shape import Shape
from pgtune_cli.sql.shape import shape as read_shape

WORTH_WORKERS = 1500
"""texts; to start a second process takes as long as to read some hundred of them."""
CHUNK = 100

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Shape).decode
_context: tuple[Catalog, tuple[str, ...]] = (Catalog(), ())


class Shapes:
    """Shapes by text. `failed` is told of a text that could not be read because of an error."""

    def __init__(self, catalog: Catalog, search_path: Sequence[str], failed: Callable[[str, str], None]) -> None:
        self.catalog, self.search_path, self.failed = catalog, tuple(search_path), failed
        self._kept: dict[str, bytes | None] = {}

    def of(self, text: str, what: str) -> Shape | None:
        """The shape of a text; `what` names it when it cannot be read."""
        if text not in self._kept:
            self._keep(text, what, _read(text, self.catalog, self.search_path))
        found = self._kept[text]
        return _decode(found) if found is not None else None

    def read_all(self, statements: Iterable[Statement]) -> None:
        """Read many texts at once, on all processors when they are worth it."""
        todo = {one.query: f"statement {one.fingerprint}" for one in statements if one.query not in self._kept}
        workers = min(os.cpu_count() or 1, 8)
        if len(todo) < WORTH_WORKERS or workers < 2:
            return
        texts = list(todo)
        chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
        # spawned, not forked: the process that asks may have threads
        pool = ProcessPoolExecutor(
            workers, get_context("spawn"), initializer=_start, initargs=(self.catalog, self.search_path)
        )
        with pool:
            for chunk, results in zip(chunks, pool.map(_read_chunk, chunks), strict=True):
                for text, result in zip(chunk, results, strict=True):
                    self._keep(text, todo[text], result)

    def _keep(self, text: str, what: str, result: "bytes | str | None") -> None:
        if isinstance(result, str):
            self.failed(what, result)
        self._kept[text] = result if isinstance(result, bytes) else None


def _start(catalog: Catalog, search_path: tuple[str, ...]) -> None:
    global _context
    _context = (catalog, search_path)
    # syntax trees are rings of references: looking for garbage at every 700 of them takes an eighth of the time
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _read_chunk(texts: Sequence[str]) -> list[bytes | str | None]:
    return [_read(text, *_context) for text in texts]


def _read(text: str, catalog: Catalog, search_path: tuple[str, ...]) -> bytes | str | None:
    """The shape as bytes, None for a text without one, or what went wrong."""
    try:
        found = read_shape(text, catalog, search_path)
    except Exception as exc:  # one statement never ends a run
        return f"{type(exc).__name__}: {exc}"
    return _encode(found) if found is not None else None

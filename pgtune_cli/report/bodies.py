"""The statements' details: in the page while they are few, packed where they would make it heavy."""

import base64
import gzip
import json

import msgspec

INLINE = 500_000
"""characters of details that stand in the page itself: the first, which are the costliest statements"""
_TOGETHER = 50


class Bodies(msgspec.Struct, frozen=True):
    """`inline` for the first statements; the others by (chunk, place within it); `chunks` are base64 of gzip of a
    JSON list of markup."""

    inline: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    chunks: tuple[str, ...]


def packed(bodies: list[str]) -> Bodies:
    """`bodies` is markup, escaped already."""
    room, inline = INLINE, 0
    for body in bodies:
        room -= len(body)
        if room < 0:
            break
        inline += 1
    rest = bodies[inline:]
    chunks = [rest[start : start + _TOGETHER] for start in range(0, len(rest), _TOGETHER)]
    return Bodies(
        inline=tuple(bodies[:inline]),
        places=tuple((number // _TOGETHER, number % _TOGETHER) for number in range(len(rest))),
        chunks=tuple(map(squeezed, chunks)),
    )


def squeezed(texts: list[str]) -> str:
    """Base64 of gzip of a JSON list."""
    return base64.b64encode(gzip.compress(json.dumps(texts).encode(), mtime=0)).decode()

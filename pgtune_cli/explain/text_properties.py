"""What stands below a node in text form (`Buffers: shared hit=3`), as the keys and values that JSON has for it."""

import re
from typing import Any

from pgtune_cli.sql.lex import TruncatedText, tokens

_LISTS = {"Sort Key", "Presorted Key", "Group Key", "Output"}
_TEXTS = {"Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "One-Time Filter",
          "TID Cond", "Order By", "Run Condition", "Function Call", "Cache Key", "Remote SQL",
          "Table Function Call"}  # fmt: skip
_SEVERAL = re.compile(r"(?:^|  )([A-Z][\w /-]*?): (.*?)(?=  [A-Z][\w /-]*?: |$)")
_SIZE = re.compile(r"(\d+)kB$")
_ORIGINALLY = re.compile(r"(\d+) \(originally (\d+)\)$")
_COUNT = re.compile(r"(\w+)=(-?[\d.]+)")
BLOCKS = tuple(
    f"{place} {what} Blocks"
    for place, kinds in (("Shared", "Hit Read Dirtied Written"), ("Local", "Hit Read Dirtied Written"),
                         ("Temp", "Read Written"))
    for what in kinds.split()
)  # fmt: skip


def read_property(key: str, value: str, node_type: str) -> dict[str, Any]:
    """The JSON keys of one line `key: value` of a node."""
    if key in _TEXTS:
        return {key: value}
    if key in _LISTS:
        return {key: items(value)}
    if key == "Buffers":
        return buffers(value)
    if key == "Heap Blocks":
        return {f"{name.capitalize()} Heap Blocks": int(count) for name, count in _COUNT.findall(value)}
    if key == "I/O Timings":
        return _io_timings(value)
    if key == "WAL":
        return {f"WAL {'FPI' if name == 'fpi' else name.capitalize()}": int(n) for name, n in _COUNT.findall(value)}
    several = _SEVERAL.findall(f"{key}: {value}")
    if len(several) > 1 and key != "Output":
        found: dict[str, Any] = {}
        for name, part in several:
            found |= _one(name, part, node_type)
        return found
    return _one(key, value, node_type)


def _one(key: str, value: str, node_type: str) -> dict[str, Any]:
    size = _SIZE.match(value)
    if key in ("Memory", "Disk") and size:
        return {"Sort Space Type": key, "Sort Space Used": int(size[1])}
    if key == "Memory Usage" and size:
        return {"Peak Memory Usage": int(size[1])}
    if key in ("Buckets", "Batches"):
        prefix = "HashAgg" if node_type == "Aggregate" else "Hash"
        changed = _ORIGINALLY.match(value)
        now, before = (changed[1], changed[2]) if changed else (value, value)
        counted: dict[str, Any] = {f"{prefix} {key}": number(now)}
        return counted if prefix == "HashAgg" else counted | {f"Original Hash {key}": number(before)}
    if key in ("Hits", "Misses", "Evictions", "Overflows"):
        return {f"Cache {key}": number(value)}
    return {key: int(size[1]) if size else number(value)}


def number(text: str) -> Any:
    """An integer, a float or a bool where it is one, also before `ms`."""
    if text in ("true", "false"):
        return text == "true"
    bare = text.removesuffix(" ms")
    if re.fullmatch(r"-?\d+", bare):
        return int(bare)
    return float(bare) if re.fullmatch(r"-?\d+\.\d+", bare) else text


def items(text: str) -> list[str]:
    """Split at commas outside of parentheses, brackets and quotes."""
    try:
        found = tokens(text)
    except TruncatedText:
        return [text]
    depth, begin, parts = 0, 0, []
    for token in found:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if token.text == "," and depth == 0:
            parts.append(text[begin : token.start].strip())
            begin = token.end
    return [*parts, text[begin:].strip()]


def buffers(text: str) -> dict[str, Any]:
    """All counts of blocks; those that text leaves out are 0."""
    found: dict[str, Any] = dict.fromkeys(BLOCKS, 0)
    for group in text.split(","):
        place, _, counts = group.strip().partition(" ")
        for what, count in _COUNT.findall(counts):
            found[f"{place.capitalize()} {what.capitalize()} Blocks"] = int(float(count))
    return found


def _io_timings(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = ""
    for word in re.split(r"[ ,]+", text):
        name, equals, value = word.partition("=")
        if equals:
            prefix = f"{place.capitalize()} " if place else ""
            found[f"{prefix}I/O {name.capitalize()} Time"] = float(value)
        else:
            place = name
    return found

"""The first line of a node in text form: `->  Hash Right Join on …  (cost=…) (actual …)`, as the keys of JSON."""

import re
from typing import Any

_NUMBERS = re.compile(
    r"\s*\(cost=(?P<startup>[\d.]+?)\.\.(?P<total>[\d.]+) rows=(?P<rows>\d+) width=(?P<width>\d+)\)"
    r"(?: \((?:actual (?:time=(?P<first>[\d.]+?)\.\.(?P<last>[\d.]+) )?rows=(?P<actual>[\d.]+) loops=(?P<loops>\d+)"
    r"|(?P<never>never executed))\))?\s*$"
)
_JOIN = re.compile(r"(Nested Loop|Merge|Hash)(?: (Left|Full|Right|Semi|Anti|Right Semi|Right Anti))?( Join)?$")
_AGGREGATE = re.compile(r"(?:(Partial|Finalize) )?(Aggregate|GroupAggregate|HashAggregate|MixedAggregate)$")
_STRATEGY = {"Aggregate": "Plain", "GroupAggregate": "Sorted", "HashAggregate": "Hashed", "MixedAggregate": "Mixed"}
_SET_OPERATION = re.compile(r"(Hash)?SetOp (Intersect|Except)( All)?$")
_WRITES = ("Insert", "Update", "Delete", "Merge")
_IDENTIFIER = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
_PLACE = re.compile(rf"(?:({_IDENTIFIER})\.)?({_IDENTIFIER})(?: ({_IDENTIFIER}))?$")
_NAMED = {
    "Function Scan": "Function Name",
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Table Function Scan": "Table Function Name",
    "Named Tuplestore Scan": "Tuplestore Name",
}
_ALIAS_ALONE = ("Values Scan", "Subquery Scan")


def read_node(text: str, *, timed: bool) -> dict[str, Any] | None:
    """The keys that JSON has for it; None where the text is no node. `timed`: the plan has times of nodes."""
    numbers = _NUMBERS.search(text)
    if numbers is None:
        return None
    node = _named(text[: numbers.start()].strip())
    node |= {
        "Startup Cost": float(numbers["startup"]), "Total Cost": float(numbers["total"]),
        "Plan Rows": int(numbers["rows"]), "Plan Width": int(numbers["width"]),
    }  # fmt: skip
    if numbers["never"]:
        node |= {"Actual Rows": 0, "Actual Loops": 0}
        if timed:
            node |= {"Actual Startup Time": 0.0, "Actual Total Time": 0.0}
    elif numbers["actual"]:
        node |= {"Actual Rows": float(numbers["actual"]), "Actual Loops": int(numbers["loops"])}
        if numbers["first"]:
            node |= {"Actual Startup Time": float(numbers["first"]), "Actual Total Time": float(numbers["last"])}
    return node


def _named(text: str) -> dict[str, Any]:
    node: dict[str, Any] = {"Parallel Aware": False}
    for prefix, key in (("Async ", "Async Capable"), ("Parallel ", "Parallel Aware")):
        if text.startswith(prefix):
            text = text.removeprefix(prefix)
            node[key] = True
    kind, _, place = text.partition(" on ")
    kind, using, index = kind.partition(" using ")
    if using:
        node["Index Name"] = _bare(index)
    elif kind == "Bitmap Index Scan":
        return node | {"Node Type": kind, "Index Name": _bare(place)}
    node |= _kind(kind)
    if place:
        node |= _place(node["Node Type"], place)
    return node


def _kind(text: str) -> dict[str, Any]:
    if found := _AGGREGATE.match(text):
        return {"Node Type": "Aggregate", "Strategy": _STRATEGY[found[2]], "Partial Mode": found[1] or "Simple"}
    if (found := _JOIN.match(text)) and (found[3] or found[1] == "Nested Loop"):
        name = found[1] if found[1] == "Nested Loop" else f"{found[1]} Join"
        return {"Node Type": name, "Join Type": found[2] or "Inner"}
    if found := _SET_OPERATION.match(text):
        strategy = "Hashed" if found[1] else "Sorted"
        return {"Node Type": "SetOp", "Strategy": strategy, "Command": found[2] + (found[3] or "")}
    if text in _WRITES:
        return {"Node Type": "ModifyTable", "Operation": text}
    if text.startswith("Foreign ") and text.removeprefix("Foreign ") in _WRITES:
        return {"Node Type": "Foreign Scan", "Operation": text.removeprefix("Foreign ")}
    if text.startswith("Custom Scan ("):
        return {"Node Type": "Custom Scan", "Custom Plan Provider": text[len("Custom Scan (") : -1]}
    for kind in ("Index Scan", "Index Only Scan"):
        if text in (kind, f"{kind} Backward"):
            return {"Node Type": kind, "Scan Direction": "Forward" if text == kind else "Backward"}
    return {"Node Type": text}


def _place(kind: str, text: str) -> dict[str, Any]:
    found = _PLACE.match(text)
    if found is None:
        return {"Alias": text}
    schema, name, alias = found[1], _bare(found[2]), found[3]
    if kind in _ALIAS_ALONE:
        return {"Alias": name}
    node = {_NAMED.get(kind, "Relation Name"): name, "Alias": _bare(alias) if alias else name}
    return node | ({"Schema": _bare(schema)} if schema else {})


def _bare(identifier: str) -> str:
    quoted = len(identifier) > 1 and identifier[0] == identifier[-1] == '"'
    return identifier[1:-1].replace('""', '"') if quoted else identifier

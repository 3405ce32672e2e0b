"""A plan that somebody saved: the output of EXPLAIN, as JSON or as text."""

import re

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.json_lines import json_plan
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.explain.text_plan import read_text_plan
from pgtune_cli.model.plan import Plan

MAX_BYTES = 64 << 20
_OTHER_FORMS = (("XML", r"<explain\b"), ("YAML", r"(?m)^\W*- Plan:\s"))


def read_plan(text: str, *, show_values: bool = False) -> Plan:
    """The plan of one EXPLAIN. Raises UsageError where it cannot be read."""
    bare = text.lstrip("\ufeff \t\r\n")
    wrapped = json_plan(bare)
    if wrapped is not None or bare[:1] in ("[", "{"):
        return parse_plan(bare if wrapped is None else wrapped, show_values=show_values)
    if not bare:
        raise UsageError("the plan is empty", "give the output of EXPLAIN (ANALYZE, BUFFERS)")
    other = next((form for form, begin in _OTHER_FORMS if re.search(begin, bare[:4000])), None)
    if other is not None:
        raise UsageError(f"the plan is in {other} form", "EXPLAIN it with FORMAT TEXT, or with FORMAT JSON")
    return parse_plan(read_text_plan(text.lstrip("\ufeff")), show_values=show_values)

"""A plan that somebody saved: the output of EXPLAIN, as text.

JSON alone is read yet; another form gets a branch in `read_plan`.
"""

from pgtune_cli.errors import UsageError
from pgtune_cli.explain.parse import parse_plan
from pgtune_cli.model.plan import Plan

MAX_BYTES = 64 << 20


def read_plan(text: str, *, show_values: bool = False) -> Plan:
    """The plan of one EXPLAIN. Raises UsageError where it cannot be read."""
    bare = text.lstrip("\ufeff \t\r\n")
    if bare[:1] in ("[", "{"):
        return parse_plan(bare, show_values=show_values)
    raise UsageError(
        "the plan is not in JSON form", "write it with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), with psql -At"
    )

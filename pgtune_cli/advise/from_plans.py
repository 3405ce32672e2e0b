"""Conditions that only the plan shows: of statements no parser takes, of the tables below a view, of row security.

The conditions of EXPLAIN are SQL expressions over the plan's aliases. They are put into a query over the same tables,
one at a time, so that they are read by the parser that reads statements; what it cannot read is left out.
"""

from collections.abc import Iterable

import msgspec

from pgtune_cli.advise.access import Access, accesses
from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item, known_name, parsed
from pgtune_cli.explain.derive import walk
from pgtune_cli.model.catalog import RelationName
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, lex, tokens
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.sql.shape import Shape

READ = frozenset([
    *("=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "^", "&", "|", "#"),
    *("||", "->", "->>", "#>", "#>>", "@>", "<@", "&&", "?", "?|", "?&", "@@", "@?", "~", "~*", "!~"),
    *("!~*", "~~", "~~*", "!~~", "!~~*", "<->", "<<", ">>", "&<", "&>", "-|-"),
])  # fmt: skip
"""operators that the parser knows; others are named, whatever their schema is: their classes tell what they mean"""


def plan_accesses(item: Item, facts: Facts) -> list[Access]:
    """How the plan of record reads each table."""
    if not item.plans.plans:
        return []
    plan = item.plans.plans[0].plan
    tables = _tables(plan, facts)
    if not tables:
        return []
    source = ", ".join(f"{qualified(name)} AS {quote_identifier(alias)}" for alias, name in sorted(tables.items()))
    found: dict[Access, None] = {}
    limit = " LIMIT 1" if any(placed.node.node_type == "Limit" for placed in walk(plan)) else ""
    for conditions, order in _wanted(plan):
        shape = parsed(_query(source, conditions, order) + limit, facts)
        if shape is None and conditions:
            # what no parser takes is left out; the conditions beside it still say something
            kept = [part for text in conditions for part in _parts(text) if parsed(_query(source, [part], ()), facts)]
            shape = parsed(_query(source, kept, order) + limit, facts) if kept else None
        if shape is not None:
            # one condition is not all that the statement reads
            found.update((msgspec.structs.replace(access, reads=None), None) for access in accesses(shape, facts))
    return [access for access in found if _says_something(access)]


def condition(table: RelationName, alias: str, text: str, facts: Facts) -> Shape | None:
    """What a condition of EXPLAIN says of one table; None where no parser takes it."""
    return parsed(_query(f"{qualified(table)} AS {quote_identifier(alias)}", [text], ()), facts)


def _tables(plan: Plan, facts: Facts) -> dict[str, RelationName]:
    """alias -> table, the partitioned one for a partition."""
    found = {}
    for placed in walk(plan):
        node = placed.node
        if node.relation is not None:
            name = known_name(RelationName(node.schema or "", node.relation), facts)
            if name is not None:
                found[node.alias or node.relation] = facts.root(name)
    return found


def _wanted(plan: Plan) -> Iterable[tuple[list[str], tuple[str, ...]]]:
    """The conditions of each scan together; those of each join; each sort."""
    for placed in walk(plan):
        node = placed.node
        if node.relation is not None:
            yield _local(node), ()
        elif conditions := [text for text in (node.hash_cond, node.merge_cond, node.join_filter) if text]:
            yield conditions, ()
        elif node.sort_key and node.node_type in ("Sort", "Incremental Sort"):
            yield [], node.sort_key


def _local(node: PlanNode) -> list[str]:
    return [text for text in (node.filter, node.index_cond, node.recheck_cond) if text]


def _parts(text: str) -> list[str]:
    """What is ANDed in a condition as EXPLAIN prints it: `((a = 1) AND (b <<= c))`."""
    try:
        found = tokens(text)
    except TruncatedText:
        return []
    brackets = Brackets(found)
    first, last = 0, len(found) - 1
    while first < last and found[first].text == "(" and brackets.partner.get(first) == last:
        first, last = first + 1, last - 1
    depth = brackets.depth[first]
    cuts = [at for at in range(first, last + 1) if found[at].word == "and" and brackets.depth[at] == depth]
    mixed = any(found[at].word in ("or", "between") and brackets.depth[at] == depth for at in range(first, last + 1))
    if mixed or not cuts:
        return [text]
    starts, ends = [first, *(cut + 1 for cut in cuts)], [*(cut - 1 for cut in cuts), last]
    return [text[found[start].start : found[end].end] for start, end in zip(starts, ends, strict=True)]


def _query(source: str, conditions: list[str], order: tuple[str, ...]) -> str:
    where = " AND ".join(f"({_readable(text)})" for text in conditions)
    keys = ", ".join(_readable(text) for text in order)
    return f"SELECT 1 FROM {source}" + (f" WHERE {where}" if where else "") + (f" ORDER BY {keys}" if keys else "")


def _readable(text: str) -> str:
    """EXPLAIN's text with constants (already `?`) as parameters, and operators that the parser does not know named."""
    try:
        tokens = lex(text)
    except TruncatedText:
        return "true"
    return "".join(_token(token) for token in tokens)


def _token(token: Token) -> str:
    if token.text == "?" and token.kind is not TokenKind.QUOTED:
        return "$1"
    unread = token.kind is TokenKind.OPERATOR and token.text not in READ
    return f" OPERATOR(pg_catalog.{token.text}) " if unread else token.text


def _says_something(access: Access) -> bool:
    return access != msgspec.structs.replace(Access(table=access.table), limited=access.limited)

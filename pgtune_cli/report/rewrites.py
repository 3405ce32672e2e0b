"""How rewrites are told, the same in every format: a title, what was gained, and how far it is proven."""

from collections.abc import Sequence

from pgtune_cli.model.rewrite import Rewrite, RewriteStatement
from pgtune_cli.report.format import cost, count, number_of

TITLES = {
    "keyset": "Page by key instead of OFFSET",
    "not_in_to_not_exists": "NOT EXISTS instead of NOT IN",
    "or_to_union_all": "UNION ALL instead of an OR across tables",
    "date_cast_to_range": "A range instead of a cast of the column",
    "count_to_exists": "EXISTS instead of counting",
    "distinct_join_to_exists": "EXISTS instead of DISTINCT over a join",
    "union_to_union_all": "UNION ALL instead of UNION",
    "in_list_to_any": "= ANY (array) instead of a long IN list",
    "single_rows_to_batch": "One statement for many rows",
    "correlated_aggregate_to_join": "One grouped join instead of an aggregate for each row",
    "column_cast_to_parameter_cast": "A cast of the parameter instead of the column",
    "cte_to_inline": "A WITH query that the planner may see through",
    "star_to_columns": "Only the columns that are used",
}
STATUS = {
    "proven": "proven",
    "sampled": "sampled",
    "conditions": "by conditions, not proven on rows",
    "refused": "refused",
}


def title(rewrite: Rewrite) -> str:
    return TITLES.get(rewrite.kind, rewrite.kind.replace("_", " "))


def standing(rewrite: Rewrite) -> str:
    """`proven, blocks 14,970 → 4`, `possible, cost 812 → 44 (planned by the clone)`."""
    return "".join((("possible, " if rewrite.possible else ""), STATUS[rewrite.status.value], gained(rewrite)))


def gained(rewrite: Rewrite) -> str:
    """Measured where it was executed, else planned; empty where neither."""
    if rewrite.blocks_before is not None and rewrite.blocks_after is not None:
        return f", blocks {count(rewrite.blocks_before)} → {count(rewrite.blocks_after)}"
    if rewrite.cost_before is not None and rewrite.cost_after is not None:
        return f", cost {cost(rewrite.cost_before)} → {cost(rewrite.cost_after)} (planned by the {rewrite.cost_engine})"
    return ""


def proof(rewrite: Rewrite) -> str:
    """What was compared; empty without a proof."""
    found = rewrite.proof
    if found is None:
        return ""
    if found.method == "sampled":
        return f"{number_of(found.samples or 0, 'page')} compared, {found.mismatches} of them differ"
    samples = f" and {number_of(found.samples, 'page')}" if found.samples else ""
    return f"{number_of(found.rows, 'row')}{samples} compared ({found.method}), {found.mismatches} mismatches"


def main_statements(rewrite: Rewrite) -> Sequence[RewriteStatement]:
    """One of each role: the variants for NULLs in a cursor are left to the formats that have the room."""
    seen: dict[str, RewriteStatement] = {}
    for statement in rewrite.statements:
        if statement.role not in ("deferred_join", "boundaries"):
            seen.setdefault(statement.role, statement)
    return tuple(seen.values())


def role(statement: RewriteStatement) -> str:
    return {"rewrite": "write", "deferred_join": "page by number, deferred join", "boundaries": "page boundaries"}.get(
        statement.role, statement.role.replace("_", " ")
    )

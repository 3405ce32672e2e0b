"""What PostgreSQL itself asks of a referencing table when a referenced row goes or changes its key.

Those queries stand in no statement's plan. They count as statements of the workload where parent rows are really
deleted, or their keys updated, as often as that happens.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.workload import Item, parsed
from pgtune_cli.advise.write_cost import window_share
from pgtune_cli.model.catalog import Constraint, RelationName
from pgtune_cli.model.plan import StatementPlans
from pgtune_cli.model.statement import Prepared, Statement, ValueSet
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.sql.shape import StatementKind

GENERIC = ValueSet(name="generic", origin="generic")


def foreign_key_items(planned: Sequence[Item], facts: Facts) -> list[Item]:
    """One for each foreign key whose parent rows are deleted, or get other keys, in the window."""
    return [
        _item(constraint, checks, facts)
        for constraint in facts.snapshot.catalog.constraints
        if constraint.type == "f" and constraint.references is not None and _is_own(constraint, facts)
        if (checks := _checks(constraint, planned, facts)) >= 1
    ]


def _is_own(constraint: Constraint, facts: Facts) -> bool:
    """Of a table worth an index; those of partitions are the partitioned table's."""
    relation = facts.relations.get(constraint.table)
    parent_of_both = relation is not None and relation.partition_of is None
    columns = [facts.column(constraint.table, name) for name in constraint.columns]
    return parent_of_both and facts.worth_indexing(constraint.table) and all(columns) and bool(columns)


def _checks(constraint: Constraint, planned: Sequence[Item], facts: Facts) -> int:
    """How often the children are looked for: by the workload's statements or the counters, whichever shows more."""
    assert constraint.references is not None
    parent = facts.root(constraint.references)
    seen: Counter[StatementKind] = Counter()
    for item in planned:
        shape = item.shape
        if shape is None or shape.target is None or facts.root(shape.target) != parent:
            continue
        rows = max(item.statement.rows, item.statement.calls)
        if shape.kind is StatementKind.DELETE or set(shape.assigned) & set(constraint.referenced_columns):
            seen[shape.kind] += rows if shape.kind is not StatementKind.INSERT else 0
    return max(sum(seen.values()), round(_deleted(parent, facts) * (window_share(facts) or 0.0)))


def _deleted(parent: RelationName, facts: Facts) -> int:
    usage = facts.usage.get(parent)
    parts = sum(_deleted(part.relation_name, facts) for part in facts.partitions.get(parent, ()))
    return (usage.n_tup_del if usage is not None else 0) + parts


def _item(constraint: Constraint, checks: int, facts: Facts) -> Item:
    where = " AND ".join(f"{quote_identifier(name)} = ${n}" for n, name in enumerate(constraint.columns, 1))
    only = "ONLY " if constraint.table not in facts.partitions else ""
    sql = f"SELECT 1 FROM {only}{qualified(constraint.table)} WHERE {where} FOR KEY SHARE"
    name = f"foreign key {constraint.name} of {constraint.table}"
    return Item(
        Statement(fingerprint=name, query=sql, calls=checks, total_exec_time_ms=0.0, mean_exec_time_ms=0.0),
        Prepared(fingerprint=name, sql=sql, parameter_types=tuple(_types(constraint, facts)), value_sets=(GENERIC,)),
        ((GENERIC, 1.0),),
        parsed(sql, facts),
        frozenset({constraint.table, *(part.relation_name for part in facts.partitions.get(constraint.table, ()))}),
        StatementPlans(fingerprint=name),
        foreign_key=constraint,
    )


def _types(constraint: Constraint, facts: Facts) -> Iterator[str]:
    for name in constraint.columns:
        column = facts.column(constraint.table, name)
        assert column is not None
        yield column.type

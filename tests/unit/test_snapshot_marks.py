"""Every text that a snapshot may hold is decided upon: a name or a definition of the schema, or marked as values."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from pgtune_cli.model.marks import LITERALS, VALUES
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.sql.without_values import _without_body, holds_constant

NAMES = {
    "Server.version Server.database Server.user Server.encoding Server.collate Server.ctype Server.locale_provider",
    "Server.service Server.settings Server.pg_stat_statements Server.pg_stat_statements_schema",
    "RelationName.schema RelationName.name Relation.schema Relation.name Relation.owner Relation.persistence",
    "Relation.options Relation.replica_identity Column.name Column.type Column.generated Column.identity",
    "Column.collation Column.storage IndexKey.column IndexKey.opclass IndexKey.collation Index.schema Index.name",
    "Index.method Index.constraint Index.include Constraint.name Constraint.type Constraint.columns",
    "Constraint.referenced_columns Constraint.on_delete Constraint.on_update UserType.schema UserType.name",
    "UserType.kind UserType.extension UserType.base_type UserType.attributes Function.schema Function.name",
    "BuiltinFunction.name BuiltinFunction.volatility",
    "Function.arguments Function.result Function.language Function.kind Function.volatility Function.extension",
    "Operator.schema Operator.name Operator.left_type Operator.right_type Extension.name Extension.version",
    "Extension.schema ExtendedStatistics.schema ExtendedStatistics.name ExtendedStatistics.kinds",
    "ExtendedStatistics.columns Sequence.schema Sequence.name Sequence.type Sequence.column",
    "ColumnStatistics.schema ColumnStatistics.table ColumnStatistics.column StatementRow.queryid StatementRow.role",
    "UtilityUse.command Workload.source Window.since Usage.since TableUsage.last_analyze TableUsage.last_vacuum",
    "Sessions.lock_holder_state ReplicationSlot.name ReplicationSlot.kind ReplicationSlot.wal_status",
    "RoleSetting.role RoleSetting.name RoleSetting.value Skipped.what Skipped.why Skipped.remedy",
    "Snapshot.kind Snapshot.pgtune_version Tablespace.name Tablespace.options Relation.tablespace Index.tablespace",
    "Operator.function Operator.commutator Operator.negator Operator.restrict Operator.join Policy.name Policy.command",
    "Policy.roles Role.name Role.member_of ExtendedData.schema ExtendedData.name DistinctCount.attributes",
    "Dependency.attributes StatementRow.stats_since StatementRow.origin OperatorClass.method OperatorClass.schema",
    "Trigger.name Trigger.enabled OperatorClass.name OperatorClass.type OperatorClass.operators OperatorClass.orders",
    "OperatorFamily.method OperatorFamily.schema OperatorFamily.name OperatorFamily.operators OperatorFamily.functions",
    "FamilyClass.schema FamilyClass.name FamilyClass.type Cast.source Cast.target Cast.method Cast.context",
    "Cast.function Rule.name TextSearchDictionary.schema TextSearchDictionary.name TextSearchDictionary.template",
    "TextSearchConfiguration.schema TextSearchConfiguration.name TextSearchConfiguration.parser",
    "TextSearchConfiguration.mappings UserType.collation UserType.multirange UserType.subtype_opclass",
    "UserType.subtype_diff Function.source",
}
"""names, kinds, times, settings by an allow-list, pgtune's own messages"""
DEFINITIONS = {
    "Relation.partition_key Relation.partition_bound Index.definition Index.predicate IndexKey.expression",
    "Policy.using Policy.check Function.aggregate ExtendedStatistics.expressions ExpressionStatistics.expression",
    "Constraint.definition UserType.labels UserType.checks ExtendedStatistics.definition",
    "TextSearchDictionary.options",
    # those with constants go, by without_values()
    "Column.default Relation.view_definition Function.definition UserType.default Rule.definition",
}
PLANS = {"StatementPlans"}
"""made anew from a snapshot without values, conditions as `?`"""


def text_fields(kind: Any, seen: set[Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """`Struct.field` of every field of a structure that may hold text, with its marks."""
    if kind in seen or kind.__name__ in PLANS:
        return
    seen.add(kind)
    for field in msgspec.structs.fields(kind):
        types, marks = [field.type], ()
        if hasattr(field.type, "__metadata__"):
            types, marks = [get_args(field.type)[0]], get_args(field.type)[1:]
        leaves = set()
        while types:
            one = types.pop()
            types.extend(get_args(one))
            leaves.add(one)
        if VALUES in marks:
            leaves = {str}  # whatever it holds goes
        if str in leaves:
            yield f"{kind.__name__}.{field.name}", marks
        for leaf in leaves:
            if isinstance(leaf, type) and issubclass(leaf, msgspec.Struct):
                yield from text_fields(leaf, seen)


def test_every_text_is_a_name_a_definition_or_marked() -> None:
    known = {name for group in NAMES | DEFINITIONS for name in group.split()}
    found = dict(text_fields(Snapshot, set()))
    undecided = {name for name, marks in found.items() if not {VALUES, LITERALS} & set(marks)} - known
    assert undecided == set(), "does it hold values of rows? mark it (model/marks.py), or name it here"
    assert known - set(found) == set(), "gone from the model"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("nextval('public.a_seq'::regclass)", False),
        ("now()", False),
        ("gen_random_uuid()", False),
        ("'x'::text", True),
        ("42", True),
        ("('2020-01-01'::date + 1)", True),
        ("'unfinished", True),
        ("'x'::", True),
    ],
)
def test_a_default_with_a_constant_is_told_from_one_without(sql: str, expected: bool) -> None:
    assert holds_constant(sql) is expected


def test_a_function_keeps_its_signature_without_its_body() -> None:
    head = "CREATE OR REPLACE FUNCTION s.f(a text)\n RETURNS text\n LANGUAGE plpgsql\nAS "
    assert _without_body(f"{head}$function$ begin return 'secret'; end $function$\n") == f"{head}''"
    assert _without_body("CREATE FUNCTION s.f() RETURNS text\n LANGUAGE sql\nRETURN 'secret'::text\n") is None
    assert _without_body("CREATE FUNCTION s.f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'secret'; END") is None
    assert _without_body("CREATE FUNCTION s.f() AS 'unfinished") is None

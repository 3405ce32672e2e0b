"""The catalog as pgtune reads it: enough to judge it, and to write its DDL again in the clone.

Names are bare (unquoted); `Relation.name` is what `pg_class.relname` holds. Definitions (`definition`, `default`,
`predicate`, `expression`) are PostgreSQL's own deparsed text with an empty search_path, so every object outside
pg_catalog is schema-qualified there.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from pgtune_cli.model.marks import LITERALS, VALUES
from pgtune_cli.model.numbers import Blocks, Int2, Int4, Int8, Oid, Tuples


class RelationKind(StrEnum):
    """`pg_class.relkind` of what can be read from."""

    TABLE = "r"
    PARTITIONED = "p"
    MATERIALIZED_VIEW = "m"
    VIEW = "v"
    FOREIGN = "f"


class RelationName(msgspec.Struct, frozen=True, order=True):
    """A schema-qualified name, bare parts."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    attnum: Int2
    name: str
    type: str
    """format_type() with an empty search_path, typmod included: `character varying(40)`, `public.citext`."""
    not_null: bool
    default: str | None = None
    generated: str = ""
    """'' , 's' (stored) or 'v' (virtual, 18); the expression is in `default`."""
    identity: str = ""
    collation: str | None = None
    """`schema.name` where it differs from the type's default."""
    storage: str = "p"
    """attstorage: p plain, m main, e external, x extended (may be TOASTed)."""
    statistics_target: Int4 | None = None


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    oid: Oid
    schema: str
    name: str
    kind: RelationKind
    owner: str = ""
    persistence: str = "p"
    row_security: bool = False
    force_row_security: bool = False
    """policies bind the owner too."""
    tablespace: str | None = None
    """None is the database's own."""
    relpages: Int4 = 0
    reltuples: Tuples | None = None
    """rows by the last VACUUM or ANALYZE; None when never counted (-1 in 14+, 0 pages and 0 tuples before)."""
    relallvisible: Int4 = 0
    pages: Blocks | None = None
    """blocks of the main fork now, pg_relation_size / block size; None where not readable."""
    toast_bytes: Int8 | None = None
    xid_age: Int4 | None = None
    """age(relfrozenxid), of its TOAST table where that is older; None for what has no storage."""
    multixact_age: Int4 | None = None
    options: tuple[str, ...] = ()
    partition_key: str | None = None
    """pg_get_partkeydef of a partitioned table."""
    partition_of: RelationName | None = None
    partition_bound: str | None = None
    inherits: tuple[RelationName, ...] = ()
    replica_identity: str = "d"
    view_definition: str | None = None
    columns: tuple[Column, ...] = ()

    @property
    def relation_name(self) -> RelationName:
        return RelationName(self.schema, self.name)

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


class IndexKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of an index: a column or an expression, never both."""

    column: str | None = None
    expression: str | None = None
    descending: bool = False
    nulls_first: bool = False
    """btree's default is NULLS LAST ascending and NULLS FIRST descending."""
    opclass: str | None = None
    """None is the default operator class of the type."""
    collation: str | None = None


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """An index that exists."""

    oid: Oid
    schema: str
    name: str
    table: RelationName
    method: str
    unique: bool = False
    primary: bool = False
    valid: bool = True
    ready: bool = True
    immediate: bool = True
    exclusion: bool = False
    nulls_not_distinct: bool = False
    constraint: str | None = None
    """the constraint that it serves (primary key, unique, exclusion)."""
    replica_identity: bool = False
    clustered: bool = False
    partition_of: RelationName | None = None
    """the partitioned index that this one is attached to."""
    definition: str
    """pg_get_indexdef()."""
    keys: tuple[IndexKey, ...]
    include: tuple[str, ...] = ()
    predicate: str | None = None
    relpages: Int4 = 0
    reltuples: Tuples | None = None
    pages: Blocks | None = None
    tablespace: str | None = None
    """None is the database's own."""

    @property
    def index_name(self) -> RelationName:
        return RelationName(self.schema, self.name)


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A table constraint. `type` is pg_constraint.contype: p, u, f, c, x, n."""

    name: str
    table: RelationName
    type: str
    definition: str
    columns: tuple[str, ...] = ()
    references: RelationName | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = ""
    on_update: str = ""
    validated: bool = True


class UserType(msgspec.Struct, frozen=True, kw_only=True):
    """A type outside pg_catalog. `kind` is pg_type.typtype: e enum, d domain, c composite, r range, b base."""

    schema: str
    name: str
    kind: str
    extension: str | None = None
    labels: tuple[str, ...] = ()
    base_type: str | None = None
    """domain: the underlying type; range: the subtype; base: the built-in type that it is by another name."""
    attributes: tuple[tuple[str, str], ...] = ()
    """composite: (name, type)."""
    not_null: bool = False
    checks: tuple[str, ...] = ()
    """domain: pg_get_constraintdef of each check."""
    default: str | None = None
    """domain."""
    collation: str | None = None
    """domain, range: `schema.name` where it differs from that of `base_type`."""
    multirange: str | None = None
    """range: name of its multirange, in the same schema; 14 and later."""
    subtype_opclass: str | None = None
    """range: qualified and quoted, where it is not the default. So is the function below."""
    subtype_diff: str | None = None


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function outside pg_catalog, one overload."""

    schema: str
    name: str
    arguments: str
    """pg_get_function_identity_arguments()."""
    result: str
    language: str
    kind: str
    """prokind: f function, p procedure, a aggregate, w window."""
    volatility: str
    """i immutable, s stable, v volatile."""
    strict: bool = False
    security_definer: bool = False
    extension: str | None = None
    definition: str | None = None
    """pg_get_functiondef(); None for aggregates and extension functions."""
    source: str | None = None
    """language internal: the built-in function that it calls."""
    aggregate: str | None = None
    """CREATE AGGREGATE of an aggregate that is no extension's, ordered-set and moving aggregates left out."""


class BuiltinFunction(msgspec.Struct, frozen=True):
    """A function of pg_catalog that is not immutable or returns a set, all overloads of a name as one."""

    name: str
    volatility: str
    """of its overloads, each letter once: `is` is immutable for some types and stable for others."""
    returns_set: bool = False


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """An operator outside pg_catalog and of no extension."""

    schema: str
    name: str
    left_type: str | None = None
    """format_type(); None of a prefix operator."""
    right_type: str | None = None
    """None of a postfix operator, which 13 still had."""
    function: str | None = None
    """qualified and quoted; None in snapshots before it was read. So are the operators and estimators below."""
    commutator: str | None = None
    """`OPERATOR(schema.name)`."""
    negator: str | None = None
    restrict: str | None = None
    join: str | None = None
    hashes: bool = False
    merges: bool = False


class OperatorClass(msgspec.Struct, frozen=True, kw_only=True):
    """What an index method can do with a type (pg_opclass, pg_amop); btree's are not listed."""

    method: str
    schema: str
    name: str
    type: str
    """format_type() of the type it is for; anyarray, anyrange and the like stand for many."""
    default: bool
    operators: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    """by which it can hand rows over in order of distance."""


class FamilyClass(msgspec.Struct, frozen=True):
    """An operator class of a family."""

    schema: str
    name: str
    type: str
    default: bool


class OperatorFamily(msgspec.Struct, frozen=True, kw_only=True):
    """An operator family of btree or hash outside pg_catalog and of no extension, with all that is in it."""

    method: str
    schema: str
    name: str
    classes: tuple[FamilyClass, ...] = ()
    operators: tuple[tuple[int, str], ...] = ()
    """strategy and regoperator, `public.<(public.cents,public.cents)`."""
    functions: tuple[tuple[int, str], ...] = ()
    """support number and regprocedure."""


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A cast that is neither built in nor of an extension."""

    source: str
    """format_type()."""
    target: str
    method: str
    """castmethod: f function, i by the texts of both, b none: the bytes are the same."""
    context: str
    """castcontext: e explicit, a in assignments, i always."""
    function: str | None = None
    """regprocedure."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a table or view, but for the query of a view."""

    name: str
    table: RelationName
    definition: str
    """pg_get_ruledef()."""


class TextSearchDictionary(msgspec.Struct, frozen=True, kw_only=True):
    """One outside pg_catalog and of no extension."""

    schema: str
    name: str
    template: str
    """qualified and quoted."""
    options: str | None = None
    """`language = 'english', stopwords = 'english'`."""


class TextSearchConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """One outside pg_catalog and of no extension."""

    schema: str
    name: str
    parser: str
    """qualified and quoted, as the dictionaries."""
    mappings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """a kind of token, and the dictionaries that it is looked up in."""


class Extension(msgspec.Struct, frozen=True):
    name: str
    version: str
    schema: str


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A row security policy."""

    name: str
    table: RelationName
    command: str
    """polcmd: r SELECT, a INSERT, w UPDATE, d DELETE, * all."""
    permissive: bool = True
    roles: tuple[str, ...] = ()
    """bare names; empty is PUBLIC."""
    using: str | None = None
    check: str | None = None


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that is no constraint's."""

    name: str
    table: RelationName
    enabled: str = "O"
    """tgenabled: O origin and local, D disabled, R replica, A always."""
    definition: Annotated[str, LITERALS]
    """pg_get_triggerdef()."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role, as far as policies and the rights of views ask about it."""

    name: str
    bypasses_row_security: bool = False
    """BYPASSRLS or SUPERUSER."""
    member_of: tuple[str, ...] = ()


class ExtendedStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """CREATE STATISTICS: what it covers. What was collected is in `Snapshot.extended`."""

    schema: str
    name: str
    table: RelationName
    kinds: tuple[str, ...]
    """d ndistinct, f dependencies, m mcv, e expressions."""
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    definition: str = ""


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """A sequence, and the column that it fills."""

    schema: str
    name: str
    type: str = "bigint"
    start: int = 1
    minimum: int = 1
    maximum: int = 2**63 - 1
    increment: int = 1
    cycle: bool = False
    last_value: Annotated[int | None, VALUES] = None
    """None when it was never used, or is not readable."""
    readable: bool = True
    table: RelationName | None = None
    column: str | None = None


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    relations: tuple[Relation, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    types: tuple[UserType, ...] = ()
    functions: tuple[Function, ...] = ()
    builtin_functions: tuple[BuiltinFunction, ...] | None = None
    """those that are not immutable or return sets; None in a snapshot that was made without them."""
    operators: tuple[Operator, ...] = ()
    operator_classes: tuple[OperatorClass, ...] = ()
    operator_families: tuple[OperatorFamily, ...] = ()
    casts: tuple[Cast, ...] = ()
    rules: tuple[Rule, ...] = ()
    text_search_dictionaries: tuple[TextSearchDictionary, ...] = ()
    text_search_configurations: tuple[TextSearchConfiguration, ...] = ()
    extensions: tuple[Extension, ...] = ()
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    policies: tuple[Policy, ...] = ()
    triggers: tuple[Trigger, ...] | None = None
    """None in a snapshot from before they were read."""
    roles: tuple[Role, ...] = ()
    """read only where there are policies."""

    def relation(self, name: RelationName) -> Relation | None:
        return next((r for r in self.relations if r.schema == name.schema and r.name == name.name), None)

    def is_partitioned(self, name: RelationName) -> bool:
        """Then its indexes can be neither made nor dropped CONCURRENTLY."""
        relation = self.relation(name)
        return relation is not None and relation.kind is RelationKind.PARTITIONED

    def indexes_of(self, name: RelationName) -> tuple[Index, ...]:
        return tuple(index for index in self.indexes if index.table == name)

    def constraints_of(self, name: RelationName) -> tuple[Constraint, ...]:
        return tuple(constraint for constraint in self.constraints if constraint.table == name)

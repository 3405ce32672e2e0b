"""What a statement does, as structures: read it through sql/shape.py."""

from enum import StrEnum

import msgspec

from pgtune_cli.model.catalog import RelationName

Span = tuple[int, int]
"""start and end in the original text, characters."""


class PredicateKind(StrEnum):
    EQ = "eq"
    """=, and IS NOT DISTINCT FROM."""
    IN = "in"
    """IN (list or subquery), = ANY (array)."""
    NOT_EQ = "not_eq"
    NOT_IN = "not_in"
    """NOT IN (list or subquery), <> ALL (array)."""
    RANGE = "range"
    """< <= > >= and each side of BETWEEN."""
    LIKE = "like"
    ILIKE = "ilike"
    REGEX = "regex"
    """~ ~* and SIMILAR TO."""
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"
    CONTAINS = "contains"
    """@> and <@ of arrays, jsonb, ranges; @? of a JSON path."""
    EXISTS_KEY = "exists_key"
    """? ?| ?& of jsonb."""
    OVERLAP = "overlap"
    """&& of arrays and ranges."""
    TEXT_SEARCH = "text_search"
    """@@."""
    SIMILAR = "similar"
    """% of pg_trgm, and distance operators in a condition."""
    OPERATOR = "operator"
    """any other operator: << <<= >>= of networks, &< -|- ~= of shapes and ranges, and those of extensions."""
    BOOL = "bool"
    """a boolean column or expression by itself, IS TRUE, IS NOT FALSE."""
    OTHER = "other"


class Place(StrEnum):
    """Where a predicate stands."""

    WHERE = "where"
    JOIN_ON = "join_on"
    HAVING = "having"


class TableKind(StrEnum):
    RELATION = "relation"
    """in the catalog: table, partitioned table, view, materialised view, foreign table."""
    CTE = "cte"
    SUBQUERY = "subquery"
    FUNCTION = "function"
    VALUES = "values"
    UNKNOWN = "unknown"
    """a name that the catalog does not hold under this search_path."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One item of FROM, JOIN, USING or the target of a write."""

    alias: str
    """by which columns name it; the table's own name when it has no alias. '' for an unnamed subquery."""
    kind: TableKind
    relation: RelationName | None = None
    """RELATION only."""
    join: str = "from"
    """from (first or after a comma), inner, left, right, full, cross, target (of a write)."""
    nullable: bool = False
    """an outer join may fill its columns with NULLs."""
    lateral: bool = False
    columns: tuple[str, ...] | None = None
    """output names of a CTE, subquery or VALUES; None when unknown."""
    block: int | None = None
    """of a CTE or subquery: the index of its (first) block in Shape.blocks."""
    span: Span | None = None
    """of the table's name in the original text."""


class ColumnRef(msgspec.Struct, frozen=True):
    """A column that the catalog holds."""

    alias: str
    """of the table in its block."""
    relation: RelationName
    column: str
    outer: bool = False
    """of an enclosing block: the subquery is correlated."""
    derived: bool = False
    """seen through a subquery or CTE that passes it on unchanged; `alias` is that of the subquery in this block."""


class Operand(msgspec.Struct, frozen=True, kw_only=True):
    """The other side of a predicate. Numbers of parameters and texts of constants, in order of appearance."""

    parameters: tuple[int, ...] = ()
    literals: tuple[str, ...] = ()
    """values of string and number constants, without quotes. Customers' data: never print."""
    columns: tuple[ColumnRef, ...] = ()
    cast: str | None = None
    """the type that a lone constant or parameter is cast to, as written: `$1::numeric`, `date '2024-01-01'`."""
    plain: bool = False
    """nothing but a constant, a parameter, or a list of them (casts allowed)."""
    subquery: int | None = None
    """index of the block in Shape.blocks."""
    size: int | None = None
    """elements of an IN list; None when unknown (`$1 /*, ... */`, an array parameter)."""
    sql: str = ""
    """the text as written. Customers' data: never print."""


class Predicate(msgspec.Struct, frozen=True, kw_only=True):
    """One condition, normalised so that the column or the expression over columns stands on the left."""

    kind: PredicateKind
    operator: str
    """PostgreSQL's operator with the sides as here: =, <, ~~, @>, IS NULL, IN; '' for a bare boolean.

    `= ANY` is `$1 = ANY (array_column)`; `LIKE` (reversed) is `$1 LIKE column`: both kind OTHER."""
    table: str | None
    """alias of the one table of this block that the left side reads; None for none or several."""
    column: ColumnRef | None = None
    """the left side, when it is one column, or one column under a cast only."""
    expression: str | None = None
    """text of the left side as written, when it is more than a column: `lower(o.email)`, `payload ->> 'kind'`."""
    index_expression: str | None = None
    """the same without the table's alias and with no parameter in it, fit for an index; None when it is not."""
    columns: tuple[ColumnRef, ...] = ()
    """every column that the left side reads."""
    left_parameters: tuple[int, ...] = ()
    """parameters within the left side: `payload ->> $1`. What it filters on is then unknown."""
    cast: str | None = None
    """the type that the column is cast to: `id::text = $1` is text."""
    function: str | None = None
    """outermost function or operator of the expression, lower case: lower, date_trunc, ->>, coalesce."""
    operand: Operand = Operand()
    place: Place = Place.WHERE
    under_or: bool = False
    under_not: bool = False
    or_group: int | None = None
    """predicates of one outermost OR share a number (per block)."""
    or_branch: int | None = None
    """which arm of that OR; predicates of one arm are ANDed."""
    join: int | None = None
    """JOIN_ON: index of the joined table in Block.tables."""
    row_position: int | None = None
    """element of a row comparison `(a, b) < ($1, $2)`; only the first bounds a scan by itself."""
    span: Span | None = None
    """of the whole condition in the original text."""


class JoinPair(msgspec.Struct, frozen=True, kw_only=True):
    """`left = right` between columns of two tables, from ON, USING, NATURAL, WHERE, IN (SELECT …) or a correlation."""

    left: ColumnRef
    right: ColumnRef
    outer: bool = False
    """under an outer join."""
    correlated: bool = False
    """one side belongs to an enclosing block."""
    semi: bool = False
    """from `x IN (SELECT y …)`: the right side is in the subquery."""
    under_or: bool = False
    join: int | None = None
    """from ON, USING, NATURAL: index of the joined table in Block.tables."""
    span: Span | None = None
    """of the whole condition in the original text; None from USING and NATURAL."""


class SortKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of ORDER BY, GROUP BY or DISTINCT ON; ordinals and output aliases are resolved."""

    column: ColumnRef | None = None
    expression: str | None = None
    """as written, when it is not a column."""
    index_expression: str | None = None
    """see Predicate."""
    columns: tuple[ColumnRef, ...] = ()
    aggregate: bool = False
    """holds an aggregate or a window function."""
    parameters: tuple[int, ...] = ()
    descending: bool = False
    nulls_first: bool = False
    """as it takes effect: PostgreSQL's default is NULLS LAST ascending, NULLS FIRST descending."""
    nulls_written: bool = False
    collation: str | None = None
    using: str | None = None
    """ORDER BY … USING operator."""
    constant: bool = False
    """a parameter or a constant: it orders nothing."""
    distance_of: ColumnRef | None = None
    """of `column <-> $1`, an operator between a column and something that reads no table."""
    distance: str | None = None
    """the operator, with the column on its left."""
    span: Span | None = None


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """LIMIT or OFFSET: a parameter, a constant, or an expression (both None)."""

    parameter: int | None = None
    value: int | None = None
    with_ties: bool = False


class SelectItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a select list."""

    name: str | None
    """output column name where it is known."""
    column: ColumnRef | None = None
    star: bool = False
    """`*` or `t.*`."""
    star_of: str | None = None
    """the alias of `t.*`."""
    expression: str | None = None
    columns: tuple[ColumnRef, ...] = ()
    aggregate: str | None = None
    """the aggregate's name when the item is one aggregate call: count, sum."""
    count_star: bool = False
    window: bool = False
    span: Span | None = None


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """An aggregate call anywhere in a block."""

    name: str
    star: bool = False
    distinct: bool = False
    column: ColumnRef | None = None


class Role(StrEnum):
    """What a block is for."""

    OUTERMOST = "outermost"
    SET_ARM = "set_arm"
    """the second or a later arm of UNION, INTERSECT, EXCEPT; the first has the role of the whole."""
    CTE = "cte"
    DERIVED = "derived"
    """a subquery in FROM."""
    IN = "in"
    NOT_IN = "not_in"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    SCALAR = "scalar"
    """a subquery within an expression, ANY and ALL included."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One SELECT, or the FROM/WHERE of an UPDATE, DELETE or MERGE. Subqueries are blocks of their own."""

    index: int
    parent: int | None = None
    """index of the enclosing block."""
    role: Role = Role.OUTERMOST
    name: str | None = None
    """of the CTE or the derived table."""
    tables: tuple[Table, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    joins: tuple[JoinPair, ...] = ()
    order_by: tuple[SortKey, ...] = ()
    group_by: tuple[SortKey, ...] = ()
    grouping_sets: bool = False
    distinct: bool = False
    distinct_on: tuple[SortKey, ...] = ()
    select: tuple[SelectItem, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    limit: Bound | None = None
    offset: Bound | None = None
    having: bool = False
    windows: bool = False
    partition_by: tuple[SortKey, ...] = ()
    """of all window functions."""
    window_order: tuple[SortKey, ...] = ()
    set_operation: str | None = None
    """of an arm, the first included: union, union all, intersect, except (… all)."""
    locking: bool = False
    correlated: bool = False
    natural_join: bool = False
    unresolved: tuple[str, ...] = ()
    """column names that could not be given to one table of the catalog."""
    functions: tuple[str, ...] = ()
    """names of all functions called, lower case, as written (schema-qualified where written so)."""
    span: Span | None = None

    def table(self, alias: str) -> Table | None:
        """The table of this alias in this block."""
        return next((table for table in self.tables if table.alias == alias), None)

    @property
    def aggregates_only(self) -> bool:
        """Every select item is an aggregate and nothing is grouped: one row comes back."""
        return bool(self.select) and not self.group_by and all(item.aggregate is not None for item in self.select)


class Use(StrEnum):
    """What a parameter is for."""

    PREDICATE = "predicate"
    """compared with a column; `column`, `kind` and `operator` say how."""
    DERIVED = "derived"
    """in arithmetic or a function that is compared with `column`, or compared with an expression over it."""
    LIMIT = "limit"
    OFFSET = "offset"
    ASSIGN = "assign"
    """the new value of `column`: INSERT, UPDATE … SET, MERGE."""
    SELECT = "select"
    """in a select list, GROUP BY, ORDER BY."""
    OTHER = "other"


class ParameterUse(msgspec.Struct, frozen=True, kw_only=True):
    """One place where `$n` stands."""

    number: int
    use: Use
    column: ColumnRef | None = None
    kind: PredicateKind | None = None
    operator: str | None = None
    """with the column on the left; `= ANY` stands for `$1 = ANY (column)`."""
    type: str | None = None
    """the type it is cast to in the text."""
    expression: str | None = None
    """the left side, when it is more than the column: `lower(email)`, `payload ->> 'kind'`."""
    place: int = 0
    """which element of a list, or which side of BETWEEN (0 lower, 1 upper)."""


class CountCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`count(…)` compared with something: perhaps only to see whether a row exists."""

    block: int
    """of the counting SELECT."""
    operator: str
    """with count on the left."""
    parameter: int | None = None
    value: str | None = None
    """the constant where the text has one: 0 or 1 make it an existence check; a parameter hides it."""


class StatementKind(StrEnum):
    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A statement resolved against a catalog. `blocks[0]` is the outermost (first arm of a set operation)."""

    kind: StatementKind
    blocks: tuple[Block, ...] = ()
    target: RelationName | None = None
    """of a write, when the catalog holds it."""
    assigned: tuple[str, ...] = ()
    """columns written by INSERT (its list; empty when it has none), UPDATE … SET, ON CONFLICT … SET, MERGE."""
    conflict_columns: tuple[str, ...] = ()
    returning: bool = False
    writes_in_cte: bool = False
    parameters: tuple[ParameterUse, ...] = ()
    """every place of every `$n`, in order of number, then of appearance."""
    count_checks: tuple[CountCheck, ...] = ()
    set_operations: tuple[str, ...] = ()
    """union, union all, intersect, except, in order of appearance."""
    set_order_by: tuple[SortKey, ...] = ()
    """ORDER BY, LIMIT and OFFSET behind an outermost set operation."""
    set_limit: Bound | None = None
    set_offset: Bound | None = None
    recursive: bool = False

    @property
    def relations(self) -> tuple[RelationName, ...]:
        """Every catalog relation that is read or written, without repetition, in order of appearance."""
        found = [table.relation for block in self.blocks for table in block.tables if table.relation is not None]
        return tuple(dict.fromkeys(([self.target] if self.target is not None else []) + found))

    @property
    def outermost(self) -> Block | None:
        return self.blocks[0] if self.blocks else None

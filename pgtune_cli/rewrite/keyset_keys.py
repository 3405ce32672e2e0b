"""The keys of a pagination: those of its ORDER BY, and what must be appended to tell all rows apart."""

import re

import msgspec

from pgtune_cli.model.catalog import IndexKey, RelationKind
from pgtune_cli.rewrite.keyset import Key, Refusal
from pgtune_cli.rewrite.source import Source, column_sql, same_text
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import TokenKind, TruncatedText, tokens
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, ColumnRef, SortKey, Table, TableKind
from pgtune_cli.sql.volatility import called, session_keyword

_TEXTUAL = re.compile(r"(character varying|text|character|name|.*\bcitext)\b")
_FLAGGED = re.compile(r"(jsonb\b|.*\[\]$|.*range\b|record\b)")


class Keys:
    """Makes the keys of one block."""

    def __init__(self, source: Source, block: Block) -> None:
        self._source = source
        self._block = block
        self._outputs = source.outputs(block) or []

    def written(self, order: tuple[SortKey, ...]) -> tuple[Key, ...] | Refusal:
        """The keys of an ORDER BY as written; one that repeats an earlier one orders nothing and is left out."""
        found: list[Key] = []
        for sort in order:
            key = self._written(sort)
            if isinstance(key, Refusal):
                return key
            if key.sql not in [each.sql for each in found]:
                found.append(key)
        return tuple(found)

    def _written(self, sort: SortKey) -> Key | Refusal:
        key = self._of_column(sort.column, sort) if sort.column is not None else self._of_expression(sort)
        if isinstance(key, Refusal):
            return key
        collation = _collation_text(self._source, sort)
        if sort.collation is not None and collation is None:
            return Refusal("unreadable", "its text has a form that cannot be edited safely")
        if collation is not None:
            index = msgspec.structs.replace(key.index, collation=_bare_collation(collation)) if key.index else None
            sql = f"{key.sql} COLLATE {collation}"
            outputs = [name for name, _, expression in self._outputs if same_text(expression, sql)]
            output = outputs[0] if len(outputs) == 1 else key.output
            key = msgspec.structs.replace(key, sql=sql, index=index, collation=collation, output=output)
        return msgspec.structs.replace(key, descending=sort.descending, nulls_first=sort.nulls_first)

    def _of_column(self, column: ColumnRef, sort: SortKey | None = None) -> Key | Refusal:
        if column.outer:
            return Refusal("outer_key", "it orders by a column of the query around it")
        found = self._source.column(column)
        if found is None:
            return Refusal("unresolved", f"column {column.column} could not be found in the catalog")
        sql = column_sql(column)
        index: IndexKey | None = IndexKey(column=column.column, collation=None)
        if column.derived:
            named = self._name_in_from(sort, column)
            if named is None:
                return Refusal("renamed_key", f"{column.column} comes out of a subquery under a name that is not clear")
            sql, index = named, None
        return Key(
            sql=sql,
            name=column.column,
            type=found.type,
            nullable=not self._source.not_null(self._block, column),
            output=self._output_of(column),
            relation_alias=column.alias,
            index=index,
        )

    def _name_in_from(self, sort: SortKey | None, column: ColumnRef) -> str | None:
        """`s.created_at`, where a subquery passes the column on, perhaps renamed."""
        text = self._source.text[slice(*sort.span)] if sort is not None and sort.span is not None else ""
        names = _plain_name(text)
        aliases = {name for name, _, _ in self._outputs}
        if names is not None and len(names) == 2 and names[0] == column.alias:
            return ".".join(map(quote_identifier, names))
        table = self._block.table(column.alias)
        name = names[0] if names is not None and len(names) == 1 else column.column
        if table is None or name not in (table.columns or ()) or (names is None and name not in aliases):
            return None
        return f"{quote_identifier(column.alias)}.{quote_identifier(name)}"

    def _of_expression(self, sort: SortKey) -> Key | Refusal:
        text = sort.expression
        if text is None:
            return Refusal("unreadable", "its text has a form that cannot be edited safely")
        if sort.aggregate and self._block.windows and not self._block.aggregates:
            return Refusal("window_key", "it orders by a window function: every page computes it over all rows")
        if sort.aggregate:
            return Refusal(
                "aggregate_key", "it orders by an aggregate: every page computes it over all rows, key or not"
            )
        if sort.parameters:
            return Refusal("parameter_in_key", "its key holds a parameter: no index can serve it")
        derived = self._derived_output(text)
        if derived is not None:
            return derived
        refusal = self._refuse_expression(text)
        if refusal is not None:
            return refusal
        alias = {column.alias for column in sort.columns}
        index = IndexKey(expression=sort.index_expression) if sort.index_expression is not None else None
        names = [name for name, _, expression in self._outputs if same_text(expression, text)]
        return Key(
            sql=f"({text})" if _needs_parentheses(text) else text,
            name=next((name for name in names if name is not None), None) or text,
            nullable=not self._never_null(text, sort.columns),
            output=names[0] if len(names) == 1 else None,
            relation_alias=next(iter(alias)) if len(alias) == 1 else None,
            index=index,
        )

    def _derived_output(self, text: str) -> Key | None:
        """A column that a subquery in FROM computes: `s.total`."""
        names = _plain_name(text)
        if names is None:
            return None
        tables = [
            table for table in self._block.tables
            if table.kind in (TableKind.SUBQUERY, TableKind.CTE) and names[-1] in (table.columns or ())
            and (len(names) == 1 or names[0] == table.alias)
        ]  # fmt: skip
        if len(tables) != 1:
            return None
        return self._computed(tables[0], names[-1])

    def _computed(self, table: Table, name: str) -> Key:
        """A result column of a subquery in FROM, with what is known of where it comes from."""
        inner = next((block for block in self._source.shape.blocks if block.index == table.block), None)
        items = [item for item in inner.select if item.name == name] if inner is not None else []
        column = items[0].column if len(items) == 1 else None
        found = self._source.column(column) if column is not None else None
        never = bool(items) and items[0].aggregate == "count"
        if column is not None and inner is not None and inner.set_operation is None and not inner.grouping_sets:
            never = self._source.not_null(inner, column)
        outputs = [
            output for output, other, expression in self._outputs
            if _ends_in(expression, name) or (other is None and expression is None and output == name)
            or (other and column and (other.alias, other.column) == (table.alias, column.column))
        ]  # fmt: skip
        return Key(
            sql=f"{quote_identifier(table.alias)}.{quote_identifier(name)}",
            name=name,
            type=found.type if found is not None else None,
            nullable=table.nullable or not never,
            output=outputs[0] if len(outputs) == 1 else None,
            relation_alias=table.alias,
        )

    def _refuse_expression(self, text: str) -> Refusal | None:
        volatility = self._source.volatility
        functions = called(text)
        name = volatility.not_immutable(functions) or session_keyword(text)
        if name is not None:
            hint = "; order by the column itself, in the other direction if it is subtracted" if name in _NOW else ""
            return Refusal("session_dependent_key", f"its key depends on {name}: other values on the next page{hint}")
        if not functions and _plain_name(text) is not None:
            return Refusal("unresolved", f"its key {text} could not be found in the catalog")
        return None

    def _never_null(self, text: str, columns: tuple[ColumnRef, ...]) -> bool:
        """coalesce with a constant at the end, and what strict functions make of columns that are not NULL."""
        found = tokens(text)
        last = [token.text for token in found[-4:-2] if token.text != "-"][-1:]
        if found[0].word == "coalesce" and found[-2].kind in ("string", "number") and last == [","]:
            return Brackets(found).partner.get(1) == len(found) - 1
        cast = next((at for at, token in enumerate(found) if token.text == "::"), None)
        if cast is not None and len(columns) == 1 and _plain_name(text[: found[cast].start]) is not None:
            return self._source.not_null(self._block, columns[0])
        strict = {"lower", "upper", "abs", "length", "date", "md5", "ltrim", "rtrim", "btrim", "round", "floor", "ceil"}
        if len(found) < 4 or found[0].word not in strict or len(columns) != 1 or _plain_name(_inside(text)) is None:
            return False
        return self._source.not_null(self._block, columns[0])

    def _output_of(self, column: ColumnRef) -> str | None:
        names = [
            name for name, other, _ in self._outputs
            if other is not None and (other.alias, other.column) == (column.alias, column.column)
        ]  # fmt: skip
        return names[0] if names else None

    def of_rows(self, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
        """A unique key of every table of which several rows may share the keys so far."""
        appended: list[Key] = []
        decided = self._decided(written)
        waiting = self._source.uniqueness.undecided(self._block, decided)
        while waiting:
            table = waiting[0]
            known = self._source.uniqueness.known(self._block, decided)
            columns = next(iter(self._source.uniqueness.keys_of(table)), None)
            if columns is None:
                return Refusal("no_unique_key", self._why_no_key(table))
            for column in columns:
                decided.add((table.alias, column))
                if (table.alias, column) not in known:
                    key = self._appended_column(table, column)
                    if isinstance(key, Refusal):
                        return key
                    appended.append(key)
            remaining = self._source.uniqueness.undecided(self._block, decided)
            if remaining == waiting:
                return Refusal("no_unique_key", self._why_no_key(table))
            waiting = remaining
        return _in_last_direction(written, appended)

    def _decided(self, keys: tuple[Key, ...]) -> set[tuple[str, str]]:
        """Columns that equal keys make equal. A collation of one's own may call different texts equal."""
        decided = set()
        for key in keys:
            plain = key.index is not None and key.index.column is not None and key.relation_alias is not None
            if not plain or key.index is None or key.relation_alias is None:
                continue
            collation = key.index.collation
            if collation is None or collation.startswith("pg_catalog.") or "." not in collation:
                decided.add((key.relation_alias, key.index.column or ""))
        for sort in self._block.order_by:
            if sort.column is not None and sort.column.derived and sort.collation is None:
                named = self._name_in_from(sort, sort.column)
                names = _plain_name(named or "")
                if names is not None and len(names) == 2:
                    decided.add((names[0], names[1]))
        return decided

    def _appended_column(self, table: Table, column: str) -> Key | Refusal:
        if table.relation is not None:
            return self._of_column(ColumnRef(table.alias, table.relation, column))
        return self._computed(table, column)

    def _why_no_key(self, table: Table) -> str:
        if table.relation is None:
            return f"nothing tells the rows of {table.alias or 'a subquery'} apart: there is no key to break ties with"
        relation = self._source.catalog.relation(table.relation)
        if relation is not None and relation.kind is RelationKind.VIEW:
            return f"{relation.name} is a view: it has no key to break ties with"
        if self._source.uniqueness.has_children(table.relation):
            return f"{table.relation.name} has child tables: no unique index covers them together"
        return f"{table.relation.name} has no primary key and no other unique key to break ties with"

    def of_groups(self, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
        """The group's columns that the keys leave open; a key must be one for all rows of a group."""
        block = self._block
        grouped = {(key.column.alias, key.column.column) for key in block.group_by if key.column is not None}
        texts = [key.expression for key in block.group_by if key.column is None]
        follows = self._source.uniqueness.known(block, grouped)
        for key in written:
            column = (key.relation_alias or "", (key.index.column if key.index is not None else None) or "")
            if column not in follows and not any(same_text(key.sql, text) for text in texts):
                return Refusal("key_of_no_group", f"{key.name} is not a column that its groups are made by")
        known = self._source.uniqueness.known(block, self._decided(written))
        appended: list[Key] = []
        for sort in block.group_by:
            if sort.column is not None and (sort.column.alias, sort.column.column) in known:
                continue
            made = self._of_column(sort.column, sort) if sort.column is not None else self._of_expression(sort)
            if isinstance(made, Refusal):
                return made
            if made.sql not in [key.sql for key in written]:
                appended.append(made)
        return _in_last_direction(written, appended)

    def of_distinct_rows(self, written: tuple[Key, ...]) -> tuple[Key, ...] | Refusal:
        """The result columns that the keys leave open: all of them together tell the rows apart."""
        known = self._source.uniqueness.known(self._block, self._decided(written))
        appended: list[Key] = []
        if not self._outputs:
            return Refusal("star", "which columns its * returns cannot be told")
        for _, column, expression in self._outputs:
            if column is not None:
                if (column.alias, column.column) in known:
                    continue
                made = self._of_column(column)
            elif any(same_text(key.sql, expression) for key in written):
                continue
            else:
                made = self._of_expression(SortKey(expression=expression))
            if isinstance(made, Refusal):
                return made
            if made.sql not in [key.sql for key in (*written, *appended)]:
                appended.append(made)
        return _in_last_direction(written, appended)


def output_keys(source: Source, places: frozenset[int] | None = None) -> tuple[Key, ...] | Refusal:
    """The keys of a set operation: its ORDER BY, then every other result column (those at `places`), by their names."""
    arms = [block for block in source.shape.blocks if block.set_operation is not None]
    outputs = [source.outputs(arm) for arm in arms]
    first = outputs[0]
    if first is None or any(one is None or len(one) != len(first) for one in outputs):
        return Refusal("star", "which columns its * returns cannot be told")
    names = [name for name, _, _ in first]
    if None in names or len(set(names)) != len(names):
        return Refusal("unnamed_output", "its result columns have no names of their own to compare by")
    keys: list[Key] = []
    for sort in source.shape.set_order_by:
        position = _output_position(source, sort, names)
        if position is None or sort.collation is not None:
            return Refusal("set_key", "it does not order by its result columns")
        key = _output_key(source, arms, outputs, position)
        keys.append(msgspec.structs.replace(key, descending=sort.descending, nulls_first=sort.nulls_first))
    rest = [
        _output_key(source, arms, outputs, at)
        for at in range(len(names))
        if names[at] not in {key.name for key in keys} and (places is None or at in places)
    ]
    return (*keys, *_in_last_direction(tuple(keys), rest))


def _output_position(source: Source, sort: SortKey, names: list[str | None]) -> int | None:
    text = source.text[slice(*sort.span)] if sort.span is not None else ""
    found = tokens(text)
    if found and found[0].text.isdecimal() and 0 < int(found[0].text) <= len(names):
        return int(found[0].text) - 1
    plain = _plain_name(text)
    return names.index(plain[0]) if plain is not None and len(plain) == 1 and plain[0] in names else None


def _output_key(source: Source, arms: list[Block], outputs: list, position: int) -> Key:  # type: ignore[type-arg]
    name = str(outputs[0][position][0])
    columns = [output[position][1] for output in outputs]
    not_null = all(
        source.not_null(arm, column) if column is not None else _is_constant(output[position][2])
        for arm, column, output in zip(arms, columns, outputs, strict=True)
    )
    types = {found.type if (found := source.column(column)) else None for column in columns if column is not None}
    one = next(iter(types)) if len(types) == 1 and all(column is not None for column in columns) else None
    return Key(sql=quote_identifier(name), name=name, output=name, type=one, nullable=not not_null)


def _is_constant(expression: str | None) -> bool:
    """A constant that is written out, and so not NULL."""
    found = tokens(expression or "")
    cast = len(found) == 3 and found[1].text == "::"
    return (len(found) == 1 or cast) and found[0].kind in (TokenKind.STRING, TokenKind.NUMBER)


def flags(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """What the application must know of the keys' types."""
    found = []
    for key in keys:
        kind = key.type or ""
        if kind.startswith(("timestamp", "time", "interval")):
            found.append(f"{key.name}: carry it as text, with all its microseconds; a value rounded to ms loses rows")
        elif kind in ("real", "double precision"):
            found.append(f"{key.name}: carry it as text: JSON has no NaN and no Infinity, and 17 digits are needed")
        elif _FLAGGED.match(kind):
            found.append(f"{key.name}: {kind} has a b-tree order, though seldom the one that is meant")
    return tuple(found)


def _in_last_direction(written: tuple[Key, ...], appended: list[Key]) -> tuple[Key, ...]:
    """Ties are broken in the direction of the last key, so that one index serves both."""
    descending = written[-1].descending if written else False
    return tuple(
        msgspec.structs.replace(key, written=False, descending=descending, nulls_first=descending) for key in appended
    )


_NOW = {"now", "current_timestamp", "current_date", "localtimestamp", "clock_timestamp", "age"}


def _collation_text(source: Source, sort: SortKey) -> str | None:
    """The collation as written, quotes and schema included."""
    text = source.text[slice(*sort.span)] if sort.span is not None else ""
    found = tokens(text)
    at = next((at for at, token in enumerate(found) if token.word == "collate"), None)
    if at is None or at + 1 >= len(found):
        return None
    end = at + 1
    while end + 2 < len(found) and found[end + 1].text == ".":
        end += 2
    return text[found[at + 1].start : found[end].end]


def _bare_collation(text: str) -> str:
    names = [token.name for token in tokens(text) if token.name is not None]
    # one without a schema may be anybody's: only those that PostgreSQL brings along are known to be deterministic
    known = len(names) == 1 and names[0] in _BUILTIN_COLLATIONS
    return ".".join(names) if len(names) > 1 else f"pg_catalog.{names[0]}" if known else f"?.{names[0]}"


_BUILTIN_COLLATIONS = {
    "C",
    "POSIX",
    "ucs_basic",
    "default",
    "unicode",
    "en-x-icu",
    "und-x-icu",
    "C.UTF-8",
    "en_US.utf8",
}


def _plain_name(text: str) -> list[str] | None:
    """[name] or [table, name] of a plain column reference, what follows a sort key left out."""
    try:
        found = tokens(text)
    except TruncatedText:
        return None
    names = [token.name for token in found]
    ends = {"asc", "desc", "nulls", "collate", "using"}
    if not found or names[0] is None:
        return None
    if len(found) == 1 or found[1].word in ends:
        return [names[0]]
    if len(found) >= 3 and found[1].text == "." and names[2] is not None and (len(found) == 3 or found[3].word in ends):
        return [names[0], names[2]]
    return None


def _ends_in(expression: str | None, name: str) -> bool:
    names = _plain_name(expression) if expression is not None else None
    return names is not None and names[-1] == name


def _needs_parentheses(text: str) -> bool:
    """Not a plain call or name: an operator in it might bind otherwise in the condition."""
    found = tokens(text)
    depth = 0
    for token in found:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if depth == 0 and (
            token.kind == "operator" or token.word in ("and", "or", "not", "is", "in", "like", "between")
        ):
            return True
    return False


def _inside(text: str) -> str:
    """What stands between the first and the last parenthesis."""
    return text[text.find("(") + 1 : text.rfind(")")]

"""The keys of a pagination, made of its ORDER BY and of columns that are appended to it."""

import msgspec

from pgtune_cli.model.catalog import IndexKey
from pgtune_cli.rewrite.keyset import Key, Refusal
from pgtune_cli.rewrite.keyset_text import (
    bare_collation,
    collation_text,
    ends_in,
    inside,
    is_row,
    needs_parentheses,
    plain_name,
)
from pgtune_cli.rewrite.session_casts import session_setting
from pgtune_cli.rewrite.source import Source, column_sql, same_text
from pgtune_cli.sql.brackets import Brackets
from pgtune_cli.sql.lex import tokens
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, ColumnRef, SortKey, Table, TableKind
from pgtune_cli.sql.uniqueness import items_called
from pgtune_cli.sql.volatility import called, session_keyword

_NOW = {"now", "current_timestamp", "current_date", "localtimestamp", "clock_timestamp", "age"}


class Keys:
    """Makes the keys of one block."""

    def __init__(self, source: Source, block: Block) -> None:
        self.source = source
        self.block = block
        self.outputs = source.outputs(block) or []

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
        key = self.of_column(sort.column, sort) if sort.column is not None else self.of_expression(sort)
        if isinstance(key, Refusal):
            return key
        collation = collation_text(self._text(sort))
        if sort.collation is not None and collation is None:
            return Refusal("unreadable", "its text has a form that cannot be edited safely")
        if collation is not None:
            index = msgspec.structs.replace(key.index, collation=bare_collation(collation)) if key.index else None
            sql = f"{key.sql} COLLATE {collation}"
            outputs = [name for name, _, expression in self.outputs if same_text(expression, sql)]
            output = outputs[0] if len(outputs) == 1 else key.output
            key = msgspec.structs.replace(key, sql=sql, index=index, collation=collation, output=output)
        return msgspec.structs.replace(key, descending=sort.descending, nulls_first=sort.nulls_first)

    def of_column(self, column: ColumnRef, sort: SortKey | None = None) -> Key | Refusal:
        if column.outer:
            return Refusal("outer_key", "it orders by a column of the query around it")
        found = self.source.column(column)
        if found is None:
            return Refusal("unresolved", f"column {column.column} could not be found in the catalog")
        sql = column_sql(column)
        index: IndexKey | None = IndexKey(column=column.column, collation=None)
        if column.derived:
            named = self.name_in_from(sort, column)
            if named is None:
                return Refusal("renamed_key", f"{column.column} comes out of a subquery under a name that is not clear")
            sql, index = named, None
        return Key(
            sql=sql,
            name=column.column,
            type=found.type,
            nullable=not self.source.not_null(self.block, column),
            output=self._output_of(column),
            relation_alias=column.alias,
            index=index,
        )

    def name_in_from(self, sort: SortKey | None, column: ColumnRef) -> str | None:
        """`s.created_at`, where a subquery passes the column on, perhaps renamed."""
        names = plain_name(self._text(sort))
        aliases = {name for name, _, _ in self.outputs}
        if names is not None and len(names) == 2 and names[0] == column.alias:
            return ".".join(map(quote_identifier, names))
        table = self.block.table(column.alias)
        name = names[0] if names is not None and len(names) == 1 else column.column
        if table is None or name not in (table.columns or ()) or (names is None and name not in aliases):
            return None
        return f"{quote_identifier(column.alias)}.{quote_identifier(name)}"

    def of_expression(self, sort: SortKey) -> Key | Refusal:
        text = sort.expression
        if text is None:
            return Refusal("unreadable", "its text has a form that cannot be edited safely")
        if sort.aggregate and self.block.windows and not self.block.aggregates:
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
        refusal = self._refuse_expression(text, sort.columns)
        if refusal is not None:
            return refusal
        alias = {column.alias for column in sort.columns}
        index = IndexKey(expression=sort.index_expression) if sort.index_expression is not None else None
        names = [name for name, _, expression in self.outputs if same_text(expression, text)]
        return Key(
            sql=f"({text})" if needs_parentheses(text) else text,
            name=next((name for name in names if name is not None), None) or text,
            nullable=not self._never_null(text, sort.columns),
            output=names[0] if len(names) == 1 else None,
            relation_alias=next(iter(alias)) if len(alias) == 1 else None,
            index=index,
        )

    def _derived_output(self, text: str) -> Key | Refusal | None:
        """A column that a subquery in FROM computes: `s.total`."""
        names = plain_name(text)
        if names is None:
            return None
        tables = [
            table for table in self.block.tables
            if table.kind in (TableKind.SUBQUERY, TableKind.CTE) and names[-1] in (table.columns or ())
            and (len(names) == 1 or names[0] == table.alias)
        ]  # fmt: skip
        if len(tables) != 1:
            return None
        return self.computed(tables[0], names[-1])

    def computed(self, table: Table, name: str) -> Key | Refusal:
        """A result column of a subquery in FROM, with what is known of where it comes from."""
        inner = next((block for block in self.source.shape.blocks if block.index == table.block), None)
        given = items_called(inner, table.columns or ()) if inner is not None else {}
        items = [given[name]] if name in given else []
        column = items[0].column if len(items) == 1 else None
        for item in items:
            if item.expression is not None and (refusal := self._of_session(item.expression, item.columns)):
                return refusal
        found = self.source.column(column) if column is not None else None
        never = bool(items) and items[0].aggregate == "count"
        if column is not None and inner is not None and inner.set_operation is None and not inner.grouping_sets:
            never = self.source.not_null(inner, column)
        outputs = [
            output for output, other, expression in self.outputs
            if ends_in(expression, name) or (other is None and expression is None and output == name)
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

    def _refuse_expression(self, text: str, columns: tuple[ColumnRef, ...]) -> Refusal | None:
        if is_row(text):
            return Refusal("row_key", "it orders by a row, which has no text to be carried from page to page")
        refusal = self._of_session(text, columns)
        if refusal is None and not called(text) and plain_name(text) is not None:
            return Refusal("unresolved", f"its key {text} could not be found in the catalog")
        return refusal

    def _of_session(self, text: str, columns: tuple[ColumnRef, ...]) -> Refusal | None:
        """What another session, or this one later, computes otherwise, as far as the text tells."""
        name = self.source.volatility.not_immutable(called(text)) or session_keyword(text)
        hint = "; order by the column itself, in the other direction if it is subtracted" if name in _NOW else ""
        if name is None:
            known = [found.type for column in columns if (found := self.source.column(column)) is not None]
            name = session_setting(text, known)
            hint = "; AT TIME ZONE with a name would settle it" if name == "TimeZone" else ""
        if name is None:
            return None
        return Refusal("session_dependent_key", f"its key depends on {name}: other values on the next page{hint}")

    def _never_null(self, text: str, columns: tuple[ColumnRef, ...]) -> bool:
        """coalesce with a constant at the end, and what strict functions make of columns that are not NULL."""
        found = tokens(text)
        last = [token.text for token in found[-4:-2] if token.text != "-"][-1:]
        if found[0].word == "coalesce" and found[-2].kind in ("string", "number") and last == [","]:
            return Brackets(found).partner.get(1) == len(found) - 1
        cast = next((at for at, token in enumerate(found) if token.text == "::"), None)
        if cast is not None and len(columns) == 1 and plain_name(text[: found[cast].start]) is not None:
            return self.source.not_null(self.block, columns[0])
        strict = {"lower", "upper", "abs", "length", "date", "md5", "ltrim", "rtrim", "btrim", "round", "floor", "ceil"}
        if len(found) < 4 or found[0].word not in strict or len(columns) != 1 or plain_name(inside(text)) is None:
            return False
        return self.source.not_null(self.block, columns[0])

    def _output_of(self, column: ColumnRef) -> str | None:
        names = [
            name for name, other, _ in self.outputs
            if other is not None and (other.alias, other.column) == (column.alias, column.column)
        ]  # fmt: skip
        return names[0] if names else None

    def _text(self, sort: SortKey | None) -> str:
        return self.source.text[slice(*sort.span)] if sort is not None and sort.span is not None else ""

"""The statements of a keyset pagination, spliced from the original text: first, next and previous pages."""

from collections.abc import Sequence

import msgspec

from pgtune_cli.model.rewrite import RewriteParameter, RewriteStatement
from pgtune_cli.rewrite.keyset import Form, Keyset
from pgtune_cli.rewrite.keyset_edits import PAGE, KeysetEdits, Variant, in_page, variants
from pgtune_cli.rewrite.keyset_predicate import any_of, bound, order_by
from pgtune_cli.rewrite.parameters import renumber, replaced
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.clauses import ClauseSpans
from pgtune_cli.sql.comments import keep_comments
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.quote import quote_identifier

PAGE_SIZE = "the page size and one more, which tells whether another page follows"


class Page(msgspec.Struct, frozen=True):
    """A statement, and for each of its parameters the old number, 0 for the page size, or minus the key's number."""

    statement: RewriteStatement
    sources: tuple[int, ...]
    variant: Variant


def _spans(source: Source, keyset: Keyset) -> ClauseSpans | None:
    in_set = keyset.block.set_operation is not None
    spans = source.whole if in_set else source.clauses(keyset.block)
    if spans is None or (keyset.form is not Form.ROW_NUMBER and (spans.offset is None or spans.order_by is None)):
        return None
    return spans if in_set or spans.from_ is not None else None


def maker(source: Source, keyset: Keyset, types: tuple[str, ...] = ()) -> "Maker | None":
    """What makes the texts of a keyset; None for a text beyond editing."""
    spans = _spans(source, keyset)
    return Maker(source, keyset, spans, types) if spans is not None else None


class Maker(KeysetEdits):
    """Makes the pages of one keyset."""

    def pages(self) -> tuple[Page, ...]:
        """First, next and previous pages, a variant for each set of NULLs in the cursor."""
        return tuple(self.page(variant) for variant in variants(self._keyset))

    def page(self, variant: Variant) -> Page:
        if self._keyset.form is Form.ROW_NUMBER:
            edits = self._row_number(variant)
        elif self._keyset.form is Form.WRAPPED:
            edits = self._wrapped(variant)
        else:
            edits = self._inside(variant)
        return self._numbered(apply_edits(self._text, keep_comments(self._text, edits)), variant)

    def typed(self, types: Sequence[str]) -> "Maker":
        """The same with the types of key expressions, which a server told."""
        keys = tuple(
            key if key.type is not None else msgspec.structs.replace(key, type=type_ or None)
            for key, type_ in zip(self._keyset.keys, types, strict=True)
        )
        return Maker(self._source, msgspec.structs.replace(self._keyset, keys=keys), self._spans, self._types)

    def limited(self, page: Page, rows: int) -> str:
        """A page's text with `rows` for the page size, and its other parameters as the original numbers them."""
        spare = iter(range(len(self._types) + 1, len(self._types) + 1 + len(page.sources)))
        numbers = [source if source > 0 else next(spare) for source in page.sources]
        sizes = {at for at, source in enumerate(page.sources, 1) if source in (0, self.limit_parameter)}
        return replaced(page.statement.sql, lambda n: str(rows) if n in sizes else f"${numbers[n - 1]}")

    def _inside(self, variant: Variant) -> list[Edit]:
        """The condition in WHERE; several branches as a UNION ALL where the keys are returned, else under OR."""
        parts = self._branches(variant)
        # without an index each branch would read everything again
        served = self._keyset.candidate is not None
        if len(parts) > 1 and served and (self._keyset.returned or self._keyset.outputs):
            return self._union(variant, parts)
        edits = [*self._without_offset(), *self._ordered(variant)]
        if parts:
            edits += self._and_where(self._one_condition(variant, parts))
        return edits

    def _one_condition(self, variant: Variant, parts: list[str]) -> str:
        start = bound(self._keyset.keys, self._here(), self._cursor(variant), backwards=variant.backwards)
        alone = len(parts) == 1 and not (self._in_partitions() and len(self._keyset.keys) > 1)
        return any_of(parts) if alone or not start else f"{start} AND {any_of(parts)}"

    def _in_partitions(self) -> bool:
        """Windows are made for each value of the first key: the planner takes a bound on it alone inside."""
        first = self._keyset.keys[0]
        return first.index is not None and any(
            key.column is not None
            and (key.column.alias, key.column.column) == (first.relation_alias, first.index.column)
            for key in self._keyset.block.partition_by
        )

    def _union(self, variant: Variant, parts: list[str]) -> list[Edit]:
        """Each branch with its own ORDER BY and LIMIT: an index condition each, merged."""
        start, end = self._spans.body
        added, names = self._union_keys()
        arms = []
        for part in parts:
            edits = [*self._without_offset(), *self._ordered(variant), *self._and_where(part), *added]
            arms.append(f"({self._body(edits)})")
        assert self._spans.limit is not None
        ordered = order_by(self._keyset.keys, names, backwards=variant.backwards)
        limit = self._text[slice(*self._spans.limit)]
        union = "\nUNION ALL\n".join(arms)
        columns = ", ".join(f"{PAGE}.{quote_identifier(name)}" for name in self._keyset.outputs) if added else "*"
        return [Edit(start, end, f"SELECT {columns} FROM (\n{union}\n) AS {PAGE}\nORDER BY {ordered} {limit}")]

    def _union_keys(self) -> tuple[list[Edit], list[str]]:
        """The keys' names around the union; those that the branches do not return are added to them."""
        added, names = [], []
        for position, key in enumerate(self._keyset.keys, 1):
            name = (
                str(key.output) if self._keyset.returned or key.output in self._keyset.outputs else f"cursor_{position}"
            )
            if name != key.output:
                added.append(f", {key.sql} AS {name}")
            names.append(in_page(key, name))
        assert self._spans.select_list is not None
        end = self._spans.select_list[1]
        return [Edit(end, end, "".join(added))] if added else [], names

    def _wrapped(self, variant: Variant) -> list[Edit]:
        if variant.role == "first_page":
            return [*self._without_offset(), *self._ordered(variant)]
        start, end = self._spans.body
        inner = self._body(
            [self.removed(span) for span in (self._spans.order_by, self._spans.limit, self._spans.offset) if span]
        )
        here = self._here()
        assert self._spans.limit is not None
        limit = self._text[slice(*self._spans.limit)]
        ordered = order_by(self._keyset.keys, here, backwards=variant.backwards)
        condition = self._one_condition(variant, self._branches(variant))
        return [
            Edit(start, end, f"SELECT * FROM (\n{inner}\n) AS {PAGE}\nWHERE {condition}\nORDER BY {ordered} {limit}")
        ]

    def _row_number(self, variant: Variant) -> list[Edit]:
        """The numbers go on from that of the cursor's row, which the application has."""
        bounds = self._keyset.bounds
        assert bounds is not None
        outer = self._source.clauses(bounds.outer)
        assert outer is not None
        assert outer.where is not None
        ordered = order_by(self._keyset.keys, backwards=variant.backwards)
        edits = [self.removed(outer.where), Edit(*bounds.window, f"ORDER BY {ordered}")]
        size = f"${self._last + len(self._keyset.keys) + 1}"
        tail = f" ORDER BY {ordered} LIMIT {size}"
        parts = self._branches(variant)
        if not parts:
            return [*edits, Edit(self._spans.body[1], self._spans.body[1], tail)]
        number = f"${self._last + len(self._keyset.keys) + 2}::bigint"
        edits.append(Edit(bounds.call[0], bounds.call[0], f"{number} {'-' if variant.backwards else '+'} "))
        return [*edits, *self._and_where(self._one_condition(variant, parts), tail)]

    def _numbered(self, text: str, variant: Variant) -> Page:
        sql, numbers = renumber(text)
        sources, parameters = [], []
        for position, number in enumerate(numbers, 1):
            source, type_, told = self._parameter(number, variant)
            sources.append(source)
            parameters.append(RewriteParameter(position, type_, told))
        statement = RewriteStatement(
            role=variant.role, when=_when(self._keyset, variant), sql=sql, parameters=tuple(parameters)
        )
        return Page(statement, tuple(sources), variant)

    def _parameter(self, number: int, variant: Variant) -> tuple[int, str, str]:
        row = "first" if variant.backwards else "last"
        position = number - self._last
        if position <= 0:
            type_ = self._types[number - 1] if number <= len(self._types) else "unknown"
            more = f": {PAGE_SIZE}" if self.limit_parameter == number else ""
            return number, type_, f"${number} of the original{more}"
        if position <= len(self._keyset.keys):
            key = self._keyset.keys[position - 1]
            return -position, key.type or "unknown", f"{key.name} of the {row} row of the page, as text"
        if position == len(self._keyset.keys) + 1:
            return 0, "bigint", PAGE_SIZE
        name = self._keyset.bounds.name if self._keyset.bounds is not None else ""
        return -position, "bigint", f"{name} of the {row} row of the page"


def _when(keyset: Keyset, variant: Variant) -> str | None:
    if variant.nulls is None:
        return None
    row = "first" if variant.backwards else "last"
    told = [
        f"{key.name} is {'NULL' if null else 'not NULL'}"
        for key, null in zip(keyset.keys, variant.nulls, strict=True) if key.nullable
    ]  # fmt: skip
    there = f" and {' and '.join(told)} there" if told else ""
    reverse = "; its rows come in reverse" if variant.backwards and not keyset.nested else ""
    return f"bind the keys of the {row} row of the page{there}{reverse}"

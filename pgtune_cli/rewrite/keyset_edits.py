"""The edits that pages by key are made of, and the texts that they are proven and measured by."""

from collections.abc import Iterator, Sequence

import msgspec

from pgtune_cli.rewrite.keyset import Form, Key, Keyset
from pgtune_cli.rewrite.keyset_predicate import branches, order_by, patterns
from pgtune_cli.rewrite.parameters import last_parameter
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.clauses import ClauseSpans
from pgtune_cli.sql.comments import keep_comments
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Role

PAGE = "page"


class Variant(msgspec.Struct, frozen=True):
    """One statement to be made. `nulls`: which keys of the cursor are NULL; None for the first page."""

    role: str
    nulls: tuple[bool, ...] | None = None

    @property
    def backwards(self) -> bool:
        return self.role == "previous_page"


def variants(keyset: Keyset) -> Iterator[Variant]:
    yield Variant("first_page")
    for role in ("next_page", "previous_page"):
        for nulls in patterns(keyset.keys):
            if _after(keyset.keys, nulls, backwards=role == "previous_page"):
                yield Variant(role, nulls)


def _after(keys: Sequence[Key], nulls: tuple[bool, ...], *, backwards: bool) -> list[str]:
    names = [str(at) for at in range(len(keys))]
    return branches(keys, names, [None if null else "v" for null in nulls], backwards=backwards)


class KeysetEdits:
    """Over the text of one keyset."""

    def __init__(self, source: Source, keyset: Keyset, spans: ClauseSpans, types: tuple[str, ...]) -> None:
        self._text = source.text
        self._source = source
        self._keyset = keyset
        self._spans = spans
        self._types = types
        self._last = last_parameter(source.text)
        in_set = keyset.block.set_operation is not None
        limit = source.shape.set_limit if in_set else keyset.block.limit
        self.limit_parameter = limit.parameter if limit is not None and keyset.form is not Form.ROW_NUMBER else None
        """the parameter of the original that is the page size."""

    def offset_page(self, depth: int, rows: int) -> str:
        """The original's page of `rows` rows behind `depth` rows, ties broken; its own parameters left in."""
        bounds = self._keyset.bounds
        if bounds is not None:
            outer = self._source.clauses(bounds.outer)
            assert outer is not None
            assert outer.where is not None
            name = f"{quote_identifier(bounds.outer.tables[0].alias)}.{quote_identifier(bounds.name)}"
            condition = f"WHERE {name} > {depth} AND {name} <= {depth + rows} ORDER BY {name}"
            end = outer.body[1] if outer.order_by is not None else outer.where[1]
            edits = [Edit(*bounds.window, f"ORDER BY {order_by(self._keyset.keys)}")]
            return apply_edits(self._text, [*edits, Edit(outer.where[0], end, condition)])
        assert self._spans.offset_value is not None
        assert self._spans.limit_value is not None
        edits = [Edit(*self._spans.offset_value, str(depth)), Edit(*self._spans.limit_value, str(rows))]
        return apply_edits(self._text, [*edits, *self._ordered(Variant("first_page"))])

    def rows(self) -> str:
        """A SELECT of the keys (k0, k1, …) of all rows that the pages divide, in no order."""
        text, spans, keys = self._text, self._spans, self._keyset.keys
        prefix = text[: spans.body[0]] if self._keyset.block.role is Role.OUTERMOST else ""
        if self._keyset.form is Form.WRAPPED:
            edits = [self.removed(span) for span in (spans.order_by, spans.limit, spans.offset) if span]
            inner = apply_edits(text[: spans.body[1]], edits)[spans.body[0] :]
            named = ", ".join(f"{name} AS k{at}" for at, name in enumerate(self._here()))
            return f"{prefix}SELECT {named} FROM (\n{inner}\n) AS {PAGE}"
        named = ", ".join(f"{key.sql} AS k{at}" for at, key in enumerate(keys))
        parts = (spans.from_, spans.where, spans.group_by, spans.having)
        clauses = "\n".join(text[slice(*span)] for span in parts if span is not None)
        distinct = f"{text[slice(*spans.distinct)]} " if spans.distinct is not None else ""
        order = f"\n{text[slice(*spans.order_by)]}" if self._keyset.form is Form.DISTINCT_ON and spans.order_by else ""
        return f"{prefix}SELECT {distinct}{named}\n{clauses}{order}"

    def _body(self, edits: Sequence[Edit]) -> str:
        """The edited statement without what stands around it, WITH first of all."""
        start, end = self._spans.body
        text = self._text[:end]
        return apply_edits(text, keep_comments(text, edits))[start:]

    def _branches(self, variant: Variant) -> list[str]:
        if variant.nulls is None:
            return []
        return branches(self._keyset.keys, self._here(), self._cursor(variant), backwards=variant.backwards)

    def _here(self) -> list[str]:
        if self._keyset.form is Form.WRAPPED:
            return [in_page(key, str(key.output)) for key in self._keyset.keys]
        return [key.sql for key in self._keyset.keys]

    def _cursor(self, variant: Variant) -> list[str | None]:
        assert variant.nulls is not None
        return [
            None if null else f"${self._last + position}" + (f"::{key.type}" if key.type else "")
            for position, (key, null) in enumerate(zip(self._keyset.keys, variant.nulls, strict=True), 1)
        ]

    def _ordered(self, variant: Variant) -> list[Edit]:
        """ORDER BY as written, the tiebreakers behind it; backwards, all of it mirrored."""
        span = self._spans.order_by
        assert span is not None
        outside = self._keyset.form is Form.WRAPPED
        if variant.backwards:
            names = self._here() if outside else None
            return [Edit(*span, f"ORDER BY {order_by(self._keyset.keys, names, backwards=True)}{self._keyset.tail}")]
        added = self._keyset.appended
        if not added:
            return []
        names = [quote_identifier(str(key.output)) for key in added] if outside else None
        return [Edit(span[1], span[1], f", {order_by(added, names)}")]

    def _without_offset(self) -> list[Edit]:
        assert self._spans.offset is not None
        return [self.removed(self._spans.offset)]

    def removed(self, span: tuple[int, int]) -> Edit:
        start, end = span
        while start > 0 and self._text[start - 1].isspace():
            start -= 1
        # a line comment before it must keep its newline
        return Edit(start, end, "\n" if "\n" in self._text[start : span[0]] else "")

    def _and_where(self, condition: str, tail: str = "") -> list[Edit]:
        if self._spans.where is None:
            assert self._spans.from_ is not None
            return [Edit(self._spans.from_[1], self._spans.from_[1], f" WHERE {condition}{tail}")]
        first = next(token for token in self._source.tokens if token.start > self._spans.where[0])
        end = self._spans.where[1]
        return [Edit(first.start, first.start, "("), Edit(end, end, f") AND {condition}{tail}")]


def in_page(key: Key, name: str) -> str:
    """A key by the name of its result column, under its own collation."""
    return f"{PAGE}.{quote_identifier(name)}" + (f" COLLATE {key.collation}" if key.collation else "")

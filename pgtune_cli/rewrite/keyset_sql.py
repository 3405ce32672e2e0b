"""The statements of a keyset pagination, spliced from the original text: first, next and previous page."""

from pgtune_cli.model.rewrite import RewriteParameter, RewriteStatement
from pgtune_cli.rewrite.keyset import Keyset
from pgtune_cli.rewrite.parameters import last_parameter, renumber
from pgtune_cli.sql.clauses import ClauseSpans
from pgtune_cli.sql.edits import Edit, apply_edits
from pgtune_cli.sql.quote import quote_identifier


def pages(
    text: str, spans: ClauseSpans, keyset: Keyset, parameter_types: tuple[str, ...] = ()
) -> tuple[RewriteStatement, ...]:
    """First page, next page, previous page; every clause but OFFSET, WHERE and ORDER BY as the author wrote it."""
    return (
        _page("first_page", None, text, spans, keyset, parameter_types),
        _page("next_page", "bind the keys of the last row of the page before", text, spans, keyset, parameter_types),
        _page(
            "previous_page",
            "bind the keys of the first row of the page after; the rows come in reverse",
            text,
            spans,
            keyset,
            parameter_types,
        ),
    )


def key_sql(keyset: Keyset, name: str) -> str:
    """The column as the statement may name it: with its table's alias."""
    return f"{quote_identifier(keyset.alias)}.{quote_identifier(name)}"


def order_sql(keyset: Keyset, *, backwards: bool = False) -> str:
    """The keys of ORDER BY, all of them, forwards or exactly mirrored."""
    descending = keyset.descending != backwards
    nulls_first = keyset.nulls_first != backwards
    direction = " DESC" if descending else ""
    nulls = "" if nulls_first == descending else f" NULLS {'FIRST' if nulls_first else 'LAST'}"
    return ", ".join(f"{key_sql(keyset, key.column.name)}{direction}{nulls}" for key in keyset.keys)


def comparison(keyset: Keyset, left: list[str], right: list[str], *, backwards: bool = False) -> str:
    """`left` stands after `right` (before it, backwards) in the keyset's order."""
    operator = "<" if keyset.descending != backwards else ">"
    if len(left) == 1:
        return f"{left[0]} {operator} {right[0]}"
    return f"({', '.join(left)}) {operator} ({', '.join(right)})"


def _page(
    role: str, when: str | None, text: str, spans: ClauseSpans, keyset: Keyset, types: tuple[str, ...]
) -> RewriteStatement:
    backwards = role == "previous_page"
    edits = [_without_offset(text, spans)]
    if backwards or keyset.appended:
        assert spans.order_by is not None
        edits.append(Edit(*spans.order_by, f"ORDER BY {order_sql(keyset, backwards=backwards)}"))
    cursor = last_parameter(text)
    if role != "first_page":
        left = [key_sql(keyset, key.column.name) for key in keyset.keys]
        right = [f"${cursor + position}::{key.column.type}" for position, key in enumerate(keyset.keys, 1)]
        edits.append(_and_where(text, spans, comparison(keyset, left, right, backwards=backwards)))
    sql, numbers = renumber(apply_edits(text, edits))
    row = "first" if backwards else "last"
    parameters = tuple(
        RewriteParameter(
            position,
            types[number - 1] if number <= len(types) else "unknown",
            f"${number} of the original",
        )
        if number <= cursor
        else RewriteParameter(
            position,
            keyset.keys[number - cursor - 1].column.type,
            f"{keyset.keys[number - cursor - 1].column.name} of the {row} row of the page, as text",
        )
        for position, number in enumerate(numbers, 1)
    )
    return RewriteStatement(role=role, when=when, sql=sql, parameters=parameters)


def _without_offset(text: str, spans: ClauseSpans) -> Edit:
    assert spans.offset is not None
    start, end = spans.offset
    while start > 0 and text[start - 1].isspace():
        start -= 1
    # a line comment before OFFSET must keep its newline, and two words their space
    return Edit(start, end, "\n" if "\n" in text[start : spans.offset[0]] and end < len(text.rstrip()) else "")


def _and_where(text: str, spans: ClauseSpans, condition: str) -> Edit:
    if spans.where is None:
        assert spans.from_ is not None
        return Edit(spans.from_[1], spans.from_[1], f" WHERE {condition}")
    start, end = spans.where
    body = text[start + len("where") : end].strip()
    return Edit(start, end, f"{text[start : start + len('where')]} ({body}) AND {condition}")

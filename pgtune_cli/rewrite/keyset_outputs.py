"""The keys of a set operation: its result columns."""

import msgspec

from pgtune_cli.rewrite.keyset import Key, Refusal
from pgtune_cli.rewrite.keyset_text import plain_name
from pgtune_cli.rewrite.keyset_ties import in_last_direction
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.lex import TokenKind, tokens
from pgtune_cli.sql.quote import quote_identifier
from pgtune_cli.sql.shape_types import Block, SortKey


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
    return (*keys, *in_last_direction(tuple(keys), rest))


def _output_position(source: Source, sort: SortKey, names: list[str | None]) -> int | None:
    text = source.text[slice(*sort.span)] if sort.span is not None else ""
    found = tokens(text)
    if found and found[0].text.isdecimal() and 0 < int(found[0].text) <= len(names):
        return int(found[0].text) - 1
    plain = plain_name(text)
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

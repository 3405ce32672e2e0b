"""May this OFFSET become a key comparison? The decision table, from the syntax tree and the catalog alone."""

from collections.abc import Iterator
from itertools import combinations

from pgtune_cli.rewrite.arms import Apart, apart, arm_key, mixed
from pgtune_cli.rewrite.keyset import Form, Key, Keyset, Refusal, flags
from pgtune_cli.rewrite.keyset_index import with_index
from pgtune_cli.rewrite.keyset_keys import Keys
from pgtune_cli.rewrite.keyset_outputs import output_keys
from pgtune_cli.rewrite.keyset_refusals import (
    refuse_block,
    refuse_keys,
    refuse_set,
    refuse_sets,
    refuse_source,
    stacked,
)
from pgtune_cli.rewrite.keyset_ties import distinct_ties, group_ties, row_ties
from pgtune_cli.rewrite.row_number import row_number_pages
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.shape_types import Block, Bound, StatementKind


def paginations(source: Source) -> Iterator[Keyset | Refusal]:
    """Every place of a statement that skips rows: the key form, or why there is none."""
    shape = source.shape
    if shape.kind is not StatementKind.SELECT:
        return
    if _skips(shape.set_offset):
        yield _whole_set(source)
    for block in shape.blocks:
        if _skips(block.offset) and not (block.set_operation and shape.set_offset is not None):
            yield _judged(source, block)
        elif (numbered := row_number_pages(source, block)) is not None:
            yield _bounded(source, numbered) if isinstance(numbered, Keyset) else numbered


def _skips(offset: Bound | None) -> bool:
    """Not the constant 0."""
    return offset is not None and offset.value != 0


def _bounded(source: Source, keyset: Keyset) -> Keyset | Refusal:
    refusal = refuse_source(source, keyset.block) or refuse_sets(source, keyset.block) or refuse_keys(keyset)
    return refusal or with_index(source, keyset)


def _judged(source: Source, block: Block) -> Keyset | Refusal:
    refusal = refuse_block(source, block) or refuse_source(source, block)
    if refusal is not None:
        return refusal
    found = _wrapped(source, block) if block.windows else _keyset(source, block)
    if isinstance(found, Refusal):
        return found
    return refuse_keys(found) or with_index(source, found)


def _keyset(source: Source, block: Block) -> Keyset | Refusal:
    if block.grouping_sets:
        return Refusal("grouping_sets", "it groups by GROUPING SETS, ROLLUP or CUBE")
    if block.aggregates and not block.group_by:
        return Refusal("aggregate", "it aggregates all rows into one")
    keys = Keys(source, block)
    if block.distinct_on:
        return _distinct_on(source, block, keys)
    written = keys.written(block.order_by)
    if isinstance(written, Refusal):
        return written
    if block.group_by or block.having:
        appended = group_ties(keys, written)
    elif block.distinct:
        appended = distinct_ties(keys, written)
    else:
        appended = row_ties(keys, written)
    if isinstance(appended, Refusal):
        return appended
    return _finished(source, block, (*written, *appended), Form.PLAIN)


def _distinct_on(source: Source, block: Block, keys: Keys) -> Keyset | Refusal:
    """Its keys tell all rows apart, and a condition on them takes or leaves whole groups."""
    count = len(block.distinct_on)
    written = keys.written(block.order_by[:count])
    if isinstance(written, Refusal):
        return written
    on = {(key.column.alias, key.column.column) for key in block.distinct_on if key.column is not None}
    ordered = {(key.column.alias, key.column.column) for key in block.order_by[:count] if key.column is not None}
    if len(on) != count or on != ordered:
        return Refusal("distinct_on", "its ORDER BY does not start with plain columns of DISTINCT ON")
    rest = [source.text[slice(*key.span)] for key in block.order_by[count:] if key.span is not None]
    if len(rest) != len(block.order_by) - count:
        return Refusal("unreadable", "its text has a form that cannot be edited safely")
    return _finished(source, block, written, Form.DISTINCT_ON, tail="".join(f", {text}" for text in rest))


def _finished(source: Source, block: Block, keys: tuple[Key, ...], form: Form, *, tail: str = "") -> Keyset:
    outputs = source.outputs(block)
    names = [name for name, _, _ in outputs or ()]
    returned = all(key.output is not None and names.count(key.output) == 1 for key in keys)
    named = tuple(name for name in names if name is not None)
    # a key that is not returned may be added within a branch, and left out again around the union
    extendable = len(named) == len(names) == len(set(names)) > 0 and not (block.distinct or block.distinct_on)
    return Keyset(
        block=block,
        form=form,
        keys=keys,
        tail=tail,
        returned=returned,
        outputs=named if extendable and not returned else (),
        notes=flags(keys),
    )


def _wrapped(source: Source, block: Block) -> Keyset | Refusal:
    """A condition inside would change what the windows see, so it goes around the statement."""
    keys = Keys(source, block)
    written = keys.written(block.order_by)
    if isinstance(written, Refusal):
        return written
    if block.distinct or block.distinct_on or block.grouping_sets:
        return Refusal("window_of_distinct", "it has window functions and DISTINCT, or GROUPING SETS")
    appended = group_ties(keys, written) if block.group_by else row_ties(keys, written)
    if isinstance(appended, Refusal):
        return appended
    found = _finished(source, block, (*written, *appended), Form.WRAPPED)
    missing = next((key.name for key in found.keys if key.output is None), None)
    if missing is not None or not found.returned:
        return Refusal(
            "window_key_not_selected",
            f"it has window functions, so the condition must go around it, and {missing or 'a key'} is not returned "
            "under a name of its own",
        )
    return found


def _whole_set(source: Source) -> Keyset | Refusal:
    """Through UNION, INTERSECT and EXCEPT: around the whole, with every result column as a tiebreaker."""
    shape = source.shape
    block = shape.blocks[0]
    refusal = refuse_set(source)
    if refusal is not None:
        return refusal
    for arm in (each for each in shape.blocks if each.set_operation is not None):
        if (refused := refuse_source(source, arm)) is not None:
            return refused
    places, told = _unique_places(source) if stacked(source) else (None, ())
    if isinstance(places, Refusal):
        return places
    found = output_keys(source, places)
    if isinstance(found, Refusal):
        return found
    keyset = Keyset(block=block, form=Form.WRAPPED, keys=found, notes=(*told, *flags(found)))
    return refuse_keys(keyset) or keyset


def _unique_places(source: Source) -> tuple[frozenset[int] | Refusal, tuple[str, ...]]:
    """The result columns of which no two rows of a UNION ALL agree: keys of its arms, and what tells those apart."""
    arms = [block for block in source.shape.blocks if block.set_operation is not None]
    places: set[int] = set()
    for arm in arms:
        key = arm_key(source, arm)
        if isinstance(key, Refusal):
            return Refusal("union_all", f"UNION ALL may return a row twice: {key.reason}"), ()
        places |= set(key)
    told: dict[str, None] = {}
    for one, other in combinations(arms, 2):
        found = apart(source, one, other)
        if found is None or not _one_kind(source, arms, found):
            reason = "UNION ALL may return a row twice: nothing says that no row is in two of its arms"
            return Refusal("union_all", f"{reason}; select another constant in each"), ()
        places |= found.positions
        if found.hidden:
            told["the constants that tell its arms apart are hidden: it is right only where they differ"] = None
    if (refused := mixed(source, arms, sorted(places))) is not None:
        return Refusal("union_all", f"UNION ALL may return a row twice: {refused.reason}"), ()
    return frozenset(places), tuple(told)


def _one_kind(source: Source, arms: list[Block], found: Apart) -> bool:
    """Of three arms, a number would make numbers of the strings in the others: '1' and '01' become one."""
    if found.by_row or len(arms) == 2:
        return True
    (position,) = found.positions
    texts = [((source.outputs(arm) or [])[position][2] or "")[:1] for arm in arms]
    return len({text if text in ("'", "$") else text.isdecimal() for text in texts}) == 1

"""Candidates besides plain btrees: GIN, GiST, SP-GiST by the server's operator classes, BRIN, hash, text patterns."""

from collections.abc import Iterable, Iterator

import msgspec

from pgtune_cli.advise.access import Access, Near
from pgtune_cli.advise.facts import WIDEST_KEY, Facts, base_type
from pgtune_cli.advise.searches import Pattern, Search
from pgtune_cli.model.catalog import IndexKey, OperatorClass, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.shape import PredicateKind

METHODS = ("gin", "gist", "spgist")
SIGNED = "gist"
"""keeps signatures of what GIN lists word by word: nearly every page of one is read, which no cost tells of"""
TEXT = {"text", "character varying", "varchar", "character", "bpchar", "name"}
NETWORKS = {"inet", "cidr"}
WITHIN = {"<<", "<<="}
C_COLLATIONS = {"C", "POSIX", "ucs_basic"}
PATTERN_CLASSES = {"character": "bpchar_pattern_ops", "bpchar": "bpchar_pattern_ops"}
TRIGRAM = "pg_trgm"
TRIGRAM_CLASS = "gin_trgm_ops"
BRIN_PAGES = 12_800
"""100 MB: below it a btree is no burden"""
BRIN_CORRELATION = 0.95
HASH_WIDTH = 40
"""bytes of a key, from which on an entry of a hash index, always 8, is much smaller"""
WITHOUT_CATALOG = (
    OperatorClass(method="gin", schema="pg_catalog", name="jsonb_path_ops", type="jsonb", default=False,
                  operators=("@>", "@?", "@@")),
    OperatorClass(method="gin", schema="pg_catalog", name="jsonb_ops", type="jsonb", default=True,
                  operators=("@>", "?", "?|", "?&", "@?", "@@")),
    OperatorClass(method="gin", schema="pg_catalog", name="array_ops", type="anyarray", default=True,
                  operators=("@>", "<@", "&&", "=")),
    OperatorClass(method="gin", schema="pg_catalog", name="tsvector_ops", type="tsvector", default=True,
                  operators=("@@",)),
)  # fmt: skip
"""for snapshots that were taken before the classes were read"""


class Possible(msgspec.Struct, frozen=True):
    """A candidate that helps if what is hidden is as it seems."""

    candidate: CandidateIndex
    reason: str
    believed: bool = True
    """whether the planner's cost of the statement tells anything."""


def other_candidates(access: Access, facts: Facts) -> list[CandidateIndex]:
    """What the text shows to be of use."""
    found = [each for search in access.searches for each in _for_search(search, access, facts)]
    if access.nearest is not None:
        found += _by_class(access.nearest, access.table, facts, ordering=True)
    found += [*_brin(access, facts), *_hash(access, facts)]
    return list(dict.fromkeys(found))


def possible_candidates(access: Access, facts: Facts) -> list[Possible]:
    """For patterns that are hidden behind a parameter, and expressions that the planner knows nothing of."""
    found = list(_cut_short(access, facts))
    for search in access.searches:
        if search.pattern is Pattern.HIDDEN and _type(search.key, access.table, facts) in TEXT:
            reason = (
                f"the pattern of {search.operator} is a parameter: if it has its wildcards in front, a trigram index "
                f"finds it{extension_told(facts)} (sample the literal with --window to know)"
            )
            found.append(Possible(_trigram(search.key, access.table, facts), reason))
    return found


def _cut_short(access: Access, facts: Facts) -> Iterator[Possible]:
    """Without statistics an expression is equal in 0.5 % of the rows: under a LIMIT any scan seems to end soon."""
    known = {
        name
        for each in facts.snapshot.catalog.extended_statistics
        if each.table == access.table
        for name in each.expressions
    }
    for key in access.equals if access.limited else ():
        if key.expression is not None and key.expression not in known:
            reason = (
                f"the planner has no statistics of {key.expression} and takes one row in 200 for a match, so that with "
                "LIMIT a scan seems cheap; if few rows match, each call reads much of the table, and this index, with "
                "ANALYZE after it, finds them at once"
            )
            yield Possible(CandidateIndex(table=access.table, keys=(key,)), reason, believed=False)


def needs_extension(candidate: CandidateIndex, facts: Facts) -> str | None:
    """The extension that has to be created first."""
    if not any((key.opclass or "").endswith(f".{TRIGRAM_CLASS}") for key in candidate.keys):
        return None
    return None if any(each.name == TRIGRAM for each in facts.snapshot.catalog.extensions) else TRIGRAM


def extension_told(facts: Facts) -> str:
    installed = any(each.name == TRIGRAM for each in facts.snapshot.catalog.extensions)
    return "" if installed else ", once CREATE EXTENSION pg_trgm was run"


def _for_search(search: Search, access: Access, facts: Facts) -> Iterator[CandidateIndex]:
    type_ = _type(search.key, access.table, facts)
    if search.pattern is Pattern.PREFIX and type_ in TEXT:
        yield from _prefix_search(search.key, type_, access, facts)
    if search.pattern in (Pattern.PREFIX, Pattern.INFIX) and type_ in TEXT:
        yield _trigram(search.key, access.table, facts)
    if search.pattern is Pattern.NONE:
        if search.operator in WITHIN and type_ in NETWORKS:
            yield from _network(search.key, access)
        yield from _by_class(search, access.table, facts)


def _prefix_search(key: IndexKey, type_: str, access: Access, facts: Facts) -> Iterator[CandidateIndex]:
    """A range of texts, byte by byte; the default class does where the collation is C."""
    opclass = None if _collation(key, access.table, facts) in C_COLLATIONS else PATTERN_CLASSES.get(
        type_, "text_pattern_ops"
    )  # fmt: skip
    made = msgspec.structs.replace(key, opclass=opclass)
    yield CandidateIndex(table=access.table, keys=(made,))
    equals = tuple(each for each in access.equals if each != key)[:2]
    if equals:
        yield CandidateIndex(table=access.table, keys=(*equals, made))


def _network(key: IndexKey, access: Access) -> Iterator[CandidateIndex]:
    """The addresses within a network are a range, which the planner makes of a constant."""
    equals = tuple(each for each in access.equals if each != key)[:2]
    for keys in dict.fromkeys(((key,), (*equals, key))):
        yield CandidateIndex(table=access.table, keys=keys)


def _by_class(
    search: Search | Near, table: RelationName, facts: Facts, *, ordering: bool = False
) -> Iterator[CandidateIndex]:
    """By every class whose operators, or those that it can order by, have the one that is asked."""
    type_ = _type(search.key, table, facts)
    classes = facts.snapshot.catalog.operator_classes or WITHOUT_CATALOG
    listed = False
    for method in METHODS:
        fits = [
            each for each in classes
            if each.method == method
            and search.operator in (each.orders if ordering else each.operators)
            and each.type in _types(type_)
        ]  # fmt: skip
        listed |= method == "gin" and bool(fits)
        for each in () if listed and method == SIGNED else fits:
            name = each.name if each.schema == "pg_catalog" else f"{each.schema}.{each.name}"
            key = msgspec.structs.replace(search.key, opclass=None if each.default else name)
            yield CandidateIndex(table=table, method=method, keys=(key,))


def _types(type_: str) -> set[str]:
    """The type, and those that stand for it in operator classes."""
    found = {type_}
    if type_.endswith("[]"):
        found.add("anyarray")
    if type_.endswith("multirange"):
        found.add("anymultirange")
    elif type_.endswith("range"):
        found.add("anyrange")
    if type_ in TEXT:
        found.add("text")
    if type_ in NETWORKS:
        found.add("inet")
    return found


def _trigram(key: IndexKey, table: RelationName, facts: Facts) -> CandidateIndex:
    schemas = [each.schema for each in facts.snapshot.catalog.extensions if each.name == TRIGRAM]
    opclass = f"{schemas[0] if schemas else 'public'}.{TRIGRAM_CLASS}"
    return CandidateIndex(
        table=table, method="gin", keys=(msgspec.structs.replace(key, opclass=opclass),)
    )  # fmt: skip


def _brin(access: Access, facts: Facts) -> Iterator[CandidateIndex]:
    """For ranges of a column in whose order the rows lie: a few pages do for any table."""
    if facts.pages(access.table) < BRIN_PAGES:
        return
    for key in access.ranges:
        statistics = facts.statistics(access.table, key.column) if key.column is not None else None
        if statistics is not None and abs(statistics.correlation or 0.0) >= BRIN_CORRELATION:
            yield CandidateIndex(table=access.table, method="brin", keys=(IndexKey(column=key.column),))


def _hash(access: Access, facts: Facts) -> Iterator[CandidateIndex]:
    """For equality with long values; the only way where a btree cannot hold them."""
    wide = [name for name in _compared(access) if (_width(access.table, name, facts) or 0) >= HASH_WIDTH]
    for name in wide:
        yield CandidateIndex(table=access.table, method="hash", keys=(IndexKey(column=name),))


def _compared(access: Access) -> Iterable[str]:
    for predicate in access.constants:
        if predicate.kind is PredicateKind.EQ and predicate.column is not None and predicate.cast is None:
            yield predicate.column.column


def _width(table: RelationName, name: str, facts: Facts) -> int | None:
    statistics = facts.statistics(table, name)
    column = facts.column(table, name)
    if statistics is None or column is None or base_type(column.type) not in TEXT | {"bytea"}:
        return None
    return min(statistics.avg_width, WIDEST_KEY * 10)


def _type(key: IndexKey, table: RelationName, facts: Facts) -> str:
    """Of an expression as far as its form shows it."""
    if key.column is not None:
        column = facts.column(table, key.column)
        return base_type(column.type) if column is not None else ""
    text = (key.expression or "").lstrip("( ").lower()
    if text.startswith(("to_tsvector", "setweight")):
        return "tsvector"
    return "text" if text.startswith(("lower", "upper", "btrim", "trim", "concat")) or "->>" in text else ""


def _collation(key: IndexKey, table: RelationName, facts: Facts) -> str:
    column = facts.column(table, key.column) if key.column is not None else None
    if column is not None and column.collation is not None:
        return column.collation.rpartition(".")[2] or column.collation
    server = facts.snapshot.server
    # the byte order of a builtin or libc C.UTF-8 is not used for LIKE before 17: only C itself is
    return server.collate if server.collate in ("C", "POSIX") else "other"

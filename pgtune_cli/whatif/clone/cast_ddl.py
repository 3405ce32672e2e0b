"""DDL of casts, and of text search dictionaries and configurations, from the catalog."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from pgtune_cli.model.catalog import Cast, Catalog, RelationName, TextSearchConfiguration
from pgtune_cli.model.snapshot import Skipped
from pgtune_cli.sql.quote import qualified, quote_identifier
from pgtune_cli.whatif.clone.item import Item, Stage
from pgtune_cli.whatif.mentions import Words

CONTEXTS = {"a": " AS ASSIGNMENT", "i": " AS IMPLICIT"}


def cast_items(catalog: Catalog, there: Collection[Cast]) -> Iterator[Item]:
    """Casts by a function, or by the texts of both types; the others are `there` or lost."""
    for one in catalog.casts:
        if one in there or (one.method == "f" and one.function is None) or one.method == "b":
            continue
        by = f"WITH FUNCTION {one.function}" if one.method == "f" else "WITH INOUT"
        sql = f"CREATE CAST ({one.source} AS {one.target}) {by}{CONTEXTS.get(one.context, '')}"
        yield Item(stage=Stage.OPERATOR, what=cast_name(one), sql=sql)


def lost_casts(catalog: Catalog, there: Collection[Cast]) -> list[Skipped]:
    why = "a cast that takes the bytes as they are is not taken over to the clone"
    return [Skipped(cast_name(one), why) for one in catalog.casts if one.method == "b" and one not in there]


def cast_name(one: Cast) -> str:
    return f"cast {one.source} to {one.target}"


def text_search_items(catalog: Catalog, words: Words) -> Iterator[Item]:
    """The configurations that `words` may name, and the dictionaries that they or `words` name."""
    wanted = [one for one in catalog.text_search_configurations if words.may_name(one.name)]
    used = {name for one in wanted for _, names in one.mappings for name in names}
    for one in catalog.text_search_dictionaries:
        name = qualified(RelationName(one.schema, one.name))
        if name in used or words.may_name(one.name):
            options = f", {one.options}" if one.options else ""
            sql = f"CREATE TEXT SEARCH DICTIONARY {name} (TEMPLATE = {one.template}{options})"
            what = f"text search dictionary {one.schema}.{one.name}"
            yield Item(stage=Stage.FUNCTION, what=what, sql=sql)
    for configuration in wanted:
        yield from _configuration(configuration)


def _configuration(one: TextSearchConfiguration) -> Iterator[Item]:
    name, what = qualified(RelationName(one.schema, one.name)), f"text search configuration {one.schema}.{one.name}"
    sql = f"CREATE TEXT SEARCH CONFIGURATION {name} (PARSER = {one.parser})"
    yield Item(stage=Stage.FUNCTION, what=what, sql=sql)
    kinds: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for kind, dictionaries in one.mappings:
        kinds[dictionaries].append(quote_identifier(kind))
    for dictionaries, some in kinds.items():
        sql = f"ALTER TEXT SEARCH CONFIGURATION {name} ADD MAPPING FOR {', '.join(some)} WITH {', '.join(dictionaries)}"
        yield Item(stage=Stage.OPERATOR, what=f"{what} for {', '.join(some)}", sql=sql)

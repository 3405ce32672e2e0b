"""Names in texts: never too few."""

from pgtune_cli.model.catalog import Catalog, Function, Relation, RelationKind, RelationName
from pgtune_cli.whatif.mentions import Mentions, Relevance, Words


def table(name: str, *, schema: str = "public", kind: RelationKind = RelationKind.TABLE, **more: object) -> Relation:
    return Relation(oid=1, schema=schema, name=name, kind=kind, **more)  # type: ignore[arg-type]


def named(*names: str) -> frozenset[RelationName]:
    return frozenset(RelationName("public", name) for name in names)


CATALOG = Catalog(
    relations=(
        table("orders"),
        table("customers"),
        table('Odd "one"'),
        table(
            "totals", kind=RelationKind.VIEW, view_definition="SELECT sum(x) FROM public.orders WHERE public.open(s)"
        ),
        table("states"),
        table("events", kind=RelationKind.PARTITIONED),
        table("events_1", partition_of=RelationName("public", "events")),
        table("events_2", partition_of=RelationName("public", "events")),
    ),
    functions=(
        Function(
            schema="public",
            name="open",
            arguments="s int",
            result="boolean",
            language="sql",
            kind="f",
            volatility="s",
            definition="CREATE FUNCTION public.open(s int) … SELECT s IN (SELECT id FROM public.states)",
        ),
    ),
)


def test_a_word_is_found_in_any_case_and_inside_quotes() -> None:
    words = Words(['SELECT * FROM "Orders" o'])
    assert (words.may_name("orders"), words.may_name("order"), words.may_name("o")) == (True, False, True)


def test_an_odd_name_is_found_as_it_is_quoted() -> None:
    assert Words(['SELECT * FROM "a ""b"""']).may_name('a "b"')
    assert not Words(["SELECT * FROM a"]).may_name('a "b"')


def test_a_unicode_escaped_identifier_may_be_any_name() -> None:
    assert Words(['SELECT * FROM U&"\\006F"']).may_name("o")
    assert Mentions(CATALOG.relations).found_in('SELECT * FROM u&"\\006F"') == frozenset(
        relation.relation_name for relation in CATALOG.relations
    )


def test_a_table_alone_is_relevant_alone() -> None:
    assert Relevance(CATALOG).tables('SELECT * FROM customers, "Odd ""one"""') == named("customers", 'Odd "one"')


def test_a_view_brings_its_tables_and_the_functions_it_calls() -> None:
    assert Relevance(CATALOG).tables("SELECT * FROM totals") == named("totals", "orders", "states")


def test_a_partitioned_table_brings_its_partitions() -> None:
    assert Relevance(CATALOG).tables("SELECT * FROM events") == named("events", "events_1", "events_2")


def test_a_partition_brings_its_parent_and_no_sibling() -> None:
    assert Relevance(CATALOG).tables("SELECT * FROM events_1") == named("events", "events_1")

"""The script that builds an index."""

from support.advise_fakes import candidate, index, snapshot, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.handover import Names, Script, script
from pgtune_cli.model.catalog import Relation, RelationKind, RelationName

T = table("t", "a integer, mail text")
BEFORE = ("SET lock_timeout = '10min'", "SET statement_timeout = 0")


def check(name: str) -> str:
    return (
        "SELECT indexrelid::regclass AS invalid_index_to_drop_and_create_again FROM pg_catalog.pg_index "
        f"WHERE indexrelid = to_regclass('{name}') AND NOT indisvalid"
    )


def made(*relations: Relation, **options: object) -> Script:
    facts = Facts(snapshot(relations))
    return script(candidate("t", "a"), Names(facts), facts)


def test_a_plain_index() -> None:
    assert made(T) == Script(
        "t_a_idx",
        "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a)",
        (*BEFORE, "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a)", check("public.t_a_idx")),
        "DROP INDEX CONCURRENTLY public.t_a_idx",
    )


def test_an_expression_index_needs_analyze_for_its_statistics() -> None:
    facts = Facts(snapshot([T]))
    assert script(candidate("t", "lower(mail)"), Names(facts), facts).steps[-1] == "ANALYZE public.t"


def test_a_name_that_is_taken_by_an_index_or_a_table_is_avoided() -> None:
    facts = Facts(snapshot([T, table("t_a_idx", "x integer")], [index("t_a_idx2", "t", "mail")]))
    names = Names(facts)
    assert [names.take(candidate("t", "a")) for _ in range(2)] == ["t_a_idx3", "t_a_idx4"]
    assert names.peek(candidate("t", "a")) == names.peek(candidate("t", "a")) == "t_a_idx5"


def part(name: str, parent: str, kind: RelationKind = RelationKind.TABLE) -> Relation:
    return table(name, "a integer", partition_of=RelationName("public", parent), kind=kind)


def test_a_partitioned_table_gets_its_index_part_by_part() -> None:
    parent = table("t", "a integer", kind=RelationKind.PARTITIONED)
    nested = part("t_2", "t", RelationKind.PARTITIONED)
    found = made(parent, part("t_1", "t"), nested, part("t_2_x", "t_2"), part("t_far", "t", RelationKind.FOREIGN))
    assert found == Script(
        "t_a_idx",
        "CREATE INDEX t_a_idx ON ONLY public.t (a)",
        (
            *BEFORE,
            "CREATE INDEX t_a_idx ON ONLY public.t (a)",
            "CREATE INDEX CONCURRENTLY t_1_a_idx ON public.t_1 (a)",
            "ALTER INDEX public.t_a_idx ATTACH PARTITION public.t_1_a_idx",
            "CREATE INDEX t_2_a_idx ON ONLY public.t_2 (a)",
            "CREATE INDEX CONCURRENTLY t_2_x_a_idx ON public.t_2_x (a)",
            "ALTER INDEX public.t_2_a_idx ATTACH PARTITION public.t_2_x_a_idx",
            "ALTER INDEX public.t_a_idx ATTACH PARTITION public.t_2_a_idx",
            check("public.t_a_idx"),
        ),
        "DROP INDEX public.t_a_idx",
    )


def test_names_are_quoted_everywhere() -> None:
    odd = table('Ord"ers; x', "a integer")
    facts = Facts(snapshot([odd]))
    found = script(candidate('Ord"ers; x', "a"), Names(facts), facts)
    assert found.sql == 'CREATE INDEX CONCURRENTLY "Ord""ers; x_a_idx" ON public."Ord""ers; x" (a)'
    assert found.steps[3] == check('public."Ord""ers; x_a_idx"')
    assert found.rollback_sql == 'DROP INDEX CONCURRENTLY public."Ord""ers; x_a_idx"'

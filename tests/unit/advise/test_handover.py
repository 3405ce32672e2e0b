"""The script that builds an index."""

from support.advise_fakes import candidate, index, snapshot, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.steps import Names, Script
from pgtune_cli.model.catalog import Relation, RelationKind, RelationName, Sequence, UserType

T = table("t", "a integer, mail text")
PATIENT = ("SET lock_timeout = '10min'", "SET statement_timeout = 0")
BRIEF = ("SET lock_timeout = '5s'", "SET statement_timeout = '1min'")
AFTER = ("RESET lock_timeout", "RESET statement_timeout")


def check(index: str, on: str, hint: str | None = None) -> str:
    hint = hint or f"Run DROP INDEX CONCURRENTLY {index} and then this script again."
    return (
        f"DO $pgtune$BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('{index}') "
        f"AND indrelid = to_regclass('{on}') AND indisvalid) THEN RAISE EXCEPTION USING MESSAGE = 'index {index} is "
        f"INVALID or missing', HINT = '{hint}'; END IF; END$pgtune$"
    )


ATTACHED = "A partition has no index that is attached to it: run pgtune again if it is a new one."


def made(*relations: Relation, key: str = "a") -> Script:
    facts = Facts(snapshot(relations))
    return script(candidate("t", key), Names(facts), facts)


def texts(found: Script) -> tuple[str, ...]:
    return tuple(step.sql for step in found.steps)


def undo(found: Script) -> list[str]:
    return [step.rollback_sql for step in found.steps if step.rollback_sql is not None]


def test_a_plain_index() -> None:
    found = made(T)
    assert (found.name, found.sql) == ("t_a_idx", "CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a)")
    assert texts(found) == (
        *PATIENT,
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a_idx ON public.t (a)",
        check("public.t_a_idx", "public.t"),
        *AFTER,
    )
    assert undo(found) == ["DROP INDEX CONCURRENTLY IF EXISTS public.t_a_idx"]
    assert found.rollback_sql == "DROP INDEX CONCURRENTLY public.t_a_idx"
    assert found.leaves == ("public.t_a_idx",)


def test_an_expression_index_needs_analyze_for_its_statistics() -> None:
    assert texts(made(T, key="lower(mail)"))[-3:] == ("ANALYZE public.t", *AFTER)


def test_names_of_sequences_and_row_types_are_avoided_too() -> None:
    taken = {
        "sequences": (Sequence(schema="public", name="t_a_idx"),),
        "types": (UserType(schema="public", name="t_a_idx2", kind="c"), UserType(schema="public", name="x", kind="e")),
    }
    facts = Facts(snapshot([T], **taken))
    assert Names(facts).take(candidate("t", "a")) == "t_a_idx3"


def test_a_name_that_is_taken_by_an_index_or_a_table_is_avoided() -> None:
    facts = Facts(snapshot([T, table("t_a_idx", "x integer")], [index("t_a_idx2", "t", "mail")]))
    names = Names(facts)
    assert [names.take(candidate("t", "a")) for _ in range(2)] == ["t_a_idx3", "t_a_idx4"]
    assert names.peek(candidate("t", "a")) == names.peek(candidate("t", "a")) == "t_a_idx5"


def part(name: str, parent: str, kind: RelationKind = RelationKind.TABLE) -> Relation:
    return table(name, "a integer", partition_of=RelationName("public", parent), kind=kind)


PARENT = table("t", "a integer", kind=RelationKind.PARTITIONED)
NESTED = part("t_2", "t", RelationKind.PARTITIONED)


def test_a_partitioned_table_gets_its_index_part_by_part() -> None:
    found = made(PARENT, part("t_1", "t"), NESTED, part("t_2_x", "t_2"))
    assert found.sql == "CREATE INDEX t_a_idx ON public.t (a)"  # ONLY alone would leave it INVALID
    assert texts(found) == (
        *BRIEF,
        "CREATE INDEX IF NOT EXISTS t_a_idx ON ONLY public.t (a)",
        "CREATE INDEX IF NOT EXISTS t_2_a_idx ON ONLY public.t_2 (a)",
        *PATIENT,
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_1_a_idx ON public.t_1 (a)",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_2_x_a_idx ON public.t_2_x (a)",
        check("public.t_1_a_idx", "public.t_1"),
        check("public.t_2_x_a_idx", "public.t_2_x"),
        *BRIEF,
        "ALTER INDEX public.t_a_idx ATTACH PARTITION public.t_1_a_idx",
        "ALTER INDEX public.t_2_a_idx ATTACH PARTITION public.t_2_x_a_idx",
        "ALTER INDEX public.t_a_idx ATTACH PARTITION public.t_2_a_idx",
        check("public.t_a_idx", "public.t", ATTACHED),
        *AFTER,
    )
    assert found.rollback_sql == "DROP INDEX public.t_a_idx"
    assert found.leaves == ("public.t_1_a_idx", "public.t_2_x_a_idx")


def test_beside_a_foreign_partition_the_others_come_first_and_are_taken_over() -> None:
    """ONLY would stay INVALID: a foreign table has no index to attach."""
    found = made(PARENT, part("t_1", "t"), NESTED, part("t_2_x", "t_2"), part("t_far", "t", RelationKind.FOREIGN))
    assert [text for text in texts(found) if text.startswith(("CREATE", "ALTER"))] == [
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_1_a_idx ON public.t_1 (a)",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_2_x_a_idx ON public.t_2_x (a)",
        "CREATE INDEX IF NOT EXISTS t_2_a_idx ON public.t_2 (a)",
        "CREATE INDEX IF NOT EXISTS t_a_idx ON public.t (a)",
    ]


def test_a_partitioned_table_without_partitions() -> None:
    assert [text for text in texts(made(PARENT)) if text.startswith(("CREATE", "ALTER"))] == [
        "CREATE INDEX IF NOT EXISTS t_a_idx ON ONLY public.t (a)"
    ]


def test_names_are_quoted_everywhere() -> None:
    odd = table("Ord\"ers'; $pgtune$", "a integer")
    facts = Facts(snapshot([odd]))
    found = script(candidate("Ord\"ers'; $pgtune$", "a"), Names(facts), facts)
    assert found.sql == 'CREATE INDEX CONCURRENTLY "Ord""ers\'; $pgtune$_a_idx" ON public."Ord""ers\'; $pgtune$" (a)'
    assert found.steps[3].sql.startswith("DO 'BEGIN IF NOT EXISTS")
    assert found.rollback_sql == 'DROP INDEX CONCURRENTLY public."Ord""ers\'; $pgtune$_a_idx"'

"""Foreign keys without an index: they count where parent rows are deleted, and nowhere else."""

import asyncio

from support.advise_fakes import Table, analysis, candidate, index, only, snapshot, statement, table

from pgtune_cli.advise.advise import AdviseOptions, advise
from pgtune_cli.model.catalog import Constraint, RelationName
from pgtune_cli.model.index import IndexAdvice

PARENT, CHILD = table("parent", "id integer, name text"), table("child", "id integer, parent_id integer")
KEY = Constraint(
    name="child_parent", table=RelationName("public", "child"), type="f", definition="", columns=("parent_id",),
    references=RelationName("public", "parent"), referenced_columns=("id",),
)  # fmt: skip
CHECK = "foreign key child_parent of public.child"
WANTED = candidate("child", "parent_id")
COSTS = {CHECK: [(only(), 2000.0), (only(WANTED), 9.0)], "s": [(only(), 9.0)]}


def advised(query: str, *indexes: object) -> IndexAdvice:
    snap = snapshot([PARENT, CHILD], indexes, constraints=(KEY,))  # type: ignore[arg-type]
    given = analysis(snap, statement("s", query))
    return asyncio.run(advise(given, Table(COSTS), AdviseOptions()))


def test_deletes_of_the_parent_look_for_children() -> None:
    (chosen,) = advised("delete from parent where id = $1").chosen
    assert (chosen.name, chosen.evidence["channel"]) == ("child_parent_id_idx", "catalog")
    assert chosen.statements == ()
    (key,) = chosen.foreign_keys
    assert (key.name, key.relation, key.references) == ("child_parent", "public.child", "public.parent")
    assert (key.cost_before, key.cost_after) == (2000.0, 9.0)
    assert chosen.why.startswith(
        "Serves one foreign key through public.child (parent_id). The planner cost of the look-ups"
    )


def test_so_do_updates_of_its_key_and_of_nothing_else() -> None:
    assert [each.name for each in advised("update parent set id = $1 where id = $2").chosen] == ["child_parent_id_idx"]
    assert advised("update parent set name = $1 where id = $2").chosen == ()


def test_a_parent_that_is_only_read_needs_no_index_there() -> None:
    assert advised("select * from parent where id = $1").chosen == ()


def test_an_index_that_is_there_is_enough() -> None:
    assert advised("delete from parent where id = $1", index("i", "child", "parent_id")).chosen == ()

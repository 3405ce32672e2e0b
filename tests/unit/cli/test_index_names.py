"""How --without-index may name an index."""

import pytest

from pgtune_cli.cli.explain_run import _indexes_named
from pgtune_cli.errors import UsageError
from pgtune_cli.model.catalog import Catalog, Index, IndexKey, RelationName

NAME = RelationName("Lager 🏭", 'part;"ial')
INDEX = Index(
    oid=1, schema=NAME.schema, name=NAME.name, table=RelationName("Lager 🏭", "t"), method="btree", definition="",
    keys=(IndexKey(column="a"),),
)  # fmt: skip


@pytest.mark.parametrize("text", ['part;"ial', 'Lager 🏭.part;"ial', '"part;""ial"', '"Lager 🏭"."part;""ial"'])
def test_bare_and_as_sql_writes_it(text: str) -> None:
    assert _indexes_named(text, Catalog(indexes=(INDEX,)), ["public"]) == [NAME]


def test_quoted_where_it_needs_no_quotes() -> None:
    plain = Index(
        oid=1, schema="a.b", name="by_a", table=RelationName("a.b", "t"), method="btree", definition="",
        keys=(IndexKey(column="a"),),
    )  # fmt: skip
    for text in ("by_a", '"by_a"', '"a.b".by_a', '"a.b"."by_a"'):
        assert _indexes_named(text, Catalog(indexes=(plain,)), ["public"]) == [plain.index_name]


def test_another_name_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no index"):
        _indexes_named('"part;ial"', Catalog(indexes=(INDEX,)), ["public"])

"""Candidates that are not plain btrees, each from the condition that asks for it."""

from typing import Any

import msgspec
import pytest
from support.advise_fakes import analysis, snapshot, statement, statistics, table

from pgtune_cli.advise.facts import Facts
from pgtune_cli.advise.handover import script
from pgtune_cli.advise.propose import Proposals, propose
from pgtune_cli.advise.steps import Names, Step
from pgtune_cli.advise.workload import items
from pgtune_cli.model.catalog import Extension, OperatorClass
from pgtune_cli.model.snapshot import Snapshot
from pgtune_cli.sql.index_ddl import create_index_sql

T = table("t", "id integer, name text, code character varying(9), data jsonb, tags integer[], url text, at timestamp, "
               "during daterange, place point, ip inet, net cidr", pages=50_000)  # fmt: skip
STATISTICS = (
    statistics("t", "url", -1, avg_width=70),
    statistics("t", "name", -0.5, avg_width=12),
    statistics("t", "at", -0.9, correlation=0.999),
    statistics("t", "id", -1, correlation=0.1),
)
CLASSES = (
    OperatorClass(method="gin", schema="pg_catalog", name="jsonb_path_ops", type="jsonb", default=False,
                  operators=("@>", "@?", "@@")),
    OperatorClass(method="gin", schema="pg_catalog", name="jsonb_ops", type="jsonb", default=True,
                  operators=("?", "?|", "@>")),
    OperatorClass(method="gin", schema="pg_catalog", name="array_ops", type="anyarray", default=True,
                  operators=("&&", "@>")),
    OperatorClass(method="gin", schema="ext", name="gin__int_ops", type="integer[]", default=False,
                  operators=("&&", "@>")),
    OperatorClass(method="gist", schema="pg_catalog", name="range_ops", type="anyrange", default=True,
                  operators=("&&", "@>")),
    OperatorClass(method="gist", schema="pg_catalog", name="point_ops", type="point", default=True,
                  operators=("<@", "<<"), orders=("<->",)),
    OperatorClass(method="gist", schema="pg_catalog", name="inet_ops", type="inet", default=False,
                  operators=("&&", "<<", ">>=")),
    OperatorClass(method="gist", schema="ext", name="gist__int_ops", type="integer[]", default=False,
                  operators=("&&", "@>")),
)  # fmt: skip


def given(query: str, **more: Any) -> tuple[Proposals, Facts]:
    snap: Snapshot = snapshot([T], stats=STATISTICS, source=more.pop("source", "workload"), operator_classes=CLASSES,
                              **more)  # fmt: skip
    server = msgspec.structs.replace(snap.server, collate=more.pop("collate", "en_US.UTF-8"))
    facts = Facts(msgspec.structs.replace(snap, server=server))
    return propose(items(analysis(facts.snapshot, statement("s", query)), facts), facts), facts


def made(query: str) -> set[str]:
    found, _ = given(query)
    return {create_index_sql(each, "i", concurrently=False).removeprefix("CREATE INDEX i ON public.t ")
            for each in found.candidates}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name like 'abc%'", {"(name text_pattern_ops)", "USING gin (name public.gin_trgm_ops)"}),
        ("lower(name) like 'abc%'", {"((lower(name)) text_pattern_ops)",
                                     "USING gin ((lower(name)) public.gin_trgm_ops)"}),
        ("name ilike '%abc%'", {"USING gin (name public.gin_trgm_ops)"}),
        ("name ~ 'abc[0-9]'", {"USING gin (name public.gin_trgm_ops)"}),
        # two letters make no trigram, a hidden pattern is possible only, NOT is no search
        ("name like '%ab%'", set()),
        ("name like $1", set()),
        ("name not like 'abc%'", set()),
        ("data @> '{}'", {"USING gin (data jsonb_path_ops)", "USING gin (data)"}),
        ("data ? 'k'", {"USING gin (data)"}),
        ("data ->> 'k' = 'v'", {"((data ->> 'k'))"}),
        ("tags && array[1]", {"USING gin (tags)", "USING gin (tags ext.gin__int_ops)"}),
        ("during @> date '2024-01-01'", {"USING gist (during)"}),
        ("to_tsvector('english', name) @@ to_tsquery('x')", set()),
        ("true order by place <-> '(1,2)' limit 3", {"USING gist (place)"}),
        ("true order by $1 operator(pg_catalog.<->) place limit 3", {"USING gist (place)"}),
        # a distance between columns is a value of the row; no class orders by the farthest, or this operator
        ("true order by place <-> place limit 3", set()),
        ("true order by place <-> '(1,2)' desc limit 3", set()),
        ("true order by place <-> '(1,2)'", set()),
        ("true order by id <-> 5 limit 3", set()),
        ("place <@ $1::box", {"USING gist (place)"}),
        ("ip << '10.0.0.0/8'", {"(ip)", "USING gist (ip inet_ops)"}),
        ("'10.0.0.0/8' >> ip and id = 1", {"(ip)", "(id)", "(id, ip)", "USING gist (ip inet_ops)"}),
        ("net && '10.0.0.0/8'", {"USING gist (net inet_ops)"}),
        ("id << 2 = 8", {"((id << 2))"}),
        ("at > '2024-01-01'", {"(at)", "USING brin (at)"}),
        ("id > 5", {"(id)"}),
        ("url = 'x'", {"(url)", "USING hash (url)"}),
        ("name = 'x'", {"(name)"}),
    ],
)  # fmt: skip
def test_candidates_of_a_condition(condition: str, expected: set[str]) -> None:
    assert made(f"select * from t where {condition}") == expected


def test_in_the_c_collation_the_default_class_serves_a_prefix() -> None:
    snap = snapshot([T], stats=STATISTICS, source="workload", operator_classes=CLASSES)
    facts = Facts(snap)
    found = propose(items(analysis(snap, statement("s", "select * from t where name like 'abc%'")), facts), facts)
    assert "i ON public.t (name)" in {create_index_sql(each, "i").partition("CONCURRENTLY ")[2] for each in
                                      found.candidates}  # fmt: skip


def test_a_hidden_pattern_makes_a_trigram_index_possible_and_says_what_it_takes() -> None:
    found, _ = given("select * from t where name like $1", source="pg_stat_statements")
    ((possible, fingerprint),) = found.patterns
    assert fingerprint == "s"
    assert "CREATE EXTENSION pg_trgm" in possible.reason


def test_an_expression_without_statistics_makes_a_scan_under_a_limit_seem_cheap() -> None:
    found, _ = given("select * from t where lower(name) = 'x' limit 1")
    ((possible, fingerprint),) = found.patterns
    assert (fingerprint, possible.believed) == ("s", False)
    assert possible.candidate in found.candidates
    assert not given("select * from t where lower(name) = 'x'")[0].patterns
    assert not given("select * from t where name = 'x' limit 1")[0].patterns


def test_no_btree_holds_the_distance_from_one_point() -> None:
    assert made("select id from t order by point(id, id) <-> point(1, 2) limit 5") == set()
    assert made("select id from t order by id + 1 limit 5") == {"((id + 1))"}


def test_the_extension_is_created_first_and_only_where_it_is_missing() -> None:
    found, facts = given("select * from t where name ilike '%abc%'")
    (candidate,) = found.candidates
    first, *_ = script(candidate, Names(facts), facts).steps
    assert first == Step("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
    found, facts = given("select * from t where name ilike '%abc%'", extensions=(Extension("pg_trgm", "1.6", "ext"),))
    (candidate,) = found.candidates
    assert candidate.keys[0].opclass == "ext.gin_trgm_ops"
    assert not any("EXTENSION" in step.sql for step in script(candidate, Names(facts), facts).steps)

"""Paging by key over orders that nobody thought of: no row lost, doubled or misplaced, forwards and backwards.

Every page is the text that a user would be handed; the walk itself happens within the server.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from pgtune_cli.collect.collector import CollectOptions, collect
from pgtune_cli.collect.connection import connect
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.rewrite.keyset import Key, Keyset
from pgtune_cli.rewrite.keyset_judge import paginations
from pgtune_cli.rewrite.keyset_pages import Maker, Page, maker
from pgtune_cli.rewrite.keyset_predicate import branches, compare
from pgtune_cli.rewrite.keyset_proof import Generator, adjacency_sql
from pgtune_cli.rewrite.parameters import replaced
from pgtune_cli.rewrite.source import Source
from pgtune_cli.sql.shape import shape
from pgtune_cli.sql.volatility import Volatility

pytestmark = [pytest.mark.pg, pytest.mark.majors(16, 18)]

SPECS = 260
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
SCHEMA = """
CREATE EXTENSION citext;
DO $$ BEGIN
  CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
EXCEPTION WHEN feature_not_supported THEN  -- the wheel's 18 is built without ICU
  CREATE COLLATION nd FROM "C";
END $$;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN grade AS int CHECK (VALUE < 100);
CREATE TYPE pair AS (x int, y text);
CREATE TABLE one (
  id int PRIMARY KEY, i int, nn int NOT NULL, big bigint NOT NULL, num numeric(8, 2), f float8, r real, b boolean,
  t text, v varchar(20) NOT NULL, c char(4), ct citext, ndt text COLLATE nd, ct_c text COLLATE "C" NOT NULL,
  d date, ts timestamp NOT NULL, tz timestamptz, iv interval, u uuid NOT NULL, m mood, g grade, by bytea, net inet,
  ar int[], j jsonb, rng int4range, pr pair, tm time, "Odd ""Name" int NOT NULL,
  cased text NOT NULL UNIQUE
);
CREATE TABLE many (one_id int NOT NULL REFERENCES one, n int NOT NULL, w text, PRIMARY KEY (n, one_id));
CREATE TABLE fold (name text COLLATE nd PRIMARY KEY, rank int NOT NULL);
INSERT INTO fold SELECT chr(97 + i), i % 3 FROM generate_series(0, 11) AS i;
CREATE TABLE label (id int PRIMARY KEY, name text NOT NULL, rank int);
SELECT setseed(0.42);
INSERT INTO label SELECT i, 'label ' || i % 3, nullif(i % 3, 0) FROM generate_series(0, 5) AS i;
INSERT INTO one
SELECT i, nullif((random() * 4)::int, 0), (random() * 5)::int, (random() * 3)::bigint << 40,
       CASE WHEN random() < 0.7 THEN round(random()::numeric * 3, 1) END,
       (ARRAY['NaN', '-0', '0', 'Infinity', '1.5', '0.1', NULL])[1 + floor(random() * 7)::int]::float8,
       (ARRAY['NaN', '1', '0.3', NULL])[1 + floor(random() * 4)::int]::real,
       (ARRAY[true, false, NULL])[1 + floor(random() * 3)::int],
       (ARRAY['a', 'B', 'ä', 'a b', '', 'Z', '%s', NULL])[1 + floor(random() * 8)::int],
       (ARRAY['x', 'X', 'it''s', 'back\\slash'])[1 + floor(random() * 4)::int],
       (ARRAY['k', 'k ', 'kk', NULL])[1 + floor(random() * 4)::int],
       (ARRAY['m', 'M', 'n', NULL])[1 + floor(random() * 4)::int],
       (ARRAY['abc', 'ABC', 'Abc', 'abd', NULL])[1 + floor(random() * 5)::int],
       chr(97 + (random() * 3)::int),
       (ARRAY['infinity', '2024-02-29', '2024-03-01', NULL])[1 + floor(random() * 4)::int]::date,
       timestamp '2024-01-01' + (random() * 6)::int * interval '1 microsecond',
       CASE WHEN random() < 0.1 THEN 'infinity' WHEN random() < 0.8 THEN timestamptz '2024-03-31 01:30+01'
            + (random() * 5)::int * interval '1 microsecond' END,
       (ARRAY['1 day', '24 hours', '1 month', '-3 s', NULL])[1 + floor(random() * 5)::int]::interval,
       gen_random_uuid(), (ARRAY['sad', 'ok', 'happy', NULL])[1 + floor(random() * 4)::int]::mood,
       nullif((random() * 3)::int, 0)::grade, decode(lpad(to_hex((random() * 3)::int), 2, '0'), 'hex'),
       ('10.0.0.' || (random() * 3)::int)::inet, ARRAY[(random() * 2)::int, NULL],
       jsonb_build_object('a', (random() * 2)::int), int4range((random() * 3)::int, 9),
       ROW((random() * 2)::int, 'y')::pair, time '10:00' + (random() * 3)::int * interval '1 microsecond',
       (random() * 3)::int, CASE WHEN i % 2 = 0 THEN chr(96 + i / 2) ELSE chr(65 + i / 2) END
FROM generate_series(1, 24) AS i;
INSERT INTO many SELECT 1 + (i * 7) % 16, i / 16, nullif('w' || i % 3, 'w0') FROM generate_series(0, 29) AS i;
ANALYZE;
"""
WALK = """
CREATE FUNCTION walk(first text, variants jsonb, page text, size int, cursor text[], most int) RETURNS text[]
LANGUAGE plpgsql AS $body$
DECLARE
    seen text[] := '{}'; found text[]; at text[] := cursor; pattern text; statement text;
BEGIN
    LOOP
        IF at IS NULL THEN
            statement := first;
        ELSE
            SELECT string_agg((one IS NULL)::int::text, '' ORDER BY n) INTO pattern
            FROM unnest(at) WITH ORDINALITY u(one, n);
            statement := variants ->> pattern;
        END IF;
        IF statement IS NULL THEN RETURN seen; END IF;  -- no row is after a cursor with these NULLs
        EXECUTE replace(page, '<page>', format(statement, VARIADIC at || ARRAY[size::text])) INTO found, at;
        IF found IS NULL THEN RETURN seen; END IF;
        seen := seen || found;
        IF cardinality(seen) > most THEN RETURN seen || 'and so on'::text; END IF;
        IF cardinality(found) < size THEN RETURN seen; END IF;
    END LOOP;
END $body$
"""

Column = tuple[str, bool]
"""expression and whether it can be NULL"""
PLAIN: list[Column] = [
    ("o.i", True), ("o.nn", False), ("o.big", False), ("o.num", True), ("o.f", True), ("o.r", True), ("o.b", True),
    ("o.t", True), ("o.v", False), ("o.c", True), ("o.ct", True), ("o.ndt", True), ("o.ct_c", False), ("o.d", True),
    ("o.ts", False), ("o.tz", True), ("o.iv", True), ("o.u", False), ("o.m", True), ("o.g", True), ("o.by", True),
    ("o.net", True), ("o.ar", True), ("o.j", True), ("o.rng", True), ("o.pr", True), ("o.tm", True),
    ('o."Odd ""Name"', False), ("lower(o.t)", True), ("coalesce(o.i, 0)", True), ("o.nn + o.id % 3", True),
    ('o.t COLLATE "C"', True), ("o.v COLLATE nd", False), ('o.ndt COLLATE "C"', True), ("length(o.v)", False),
]  # fmt: skip
JOINED: dict[str, list[Column]] = {
    "one AS o": [],
    "one AS o JOIN many AS m ON m.one_id = o.id": [("m.n", False), ("m.w", True)],
    "one AS o LEFT JOIN many AS m ON m.one_id = o.id AND m.n < 2": [("m.n", True), ("m.w", True)],
    "one AS o LEFT JOIN label AS l ON l.id = o.nn": [("l.name", True), ("l.rank", True)],
    "many AS m FULL JOIN one AS o ON o.id = m.one_id": [("m.n", True), ("m.w", True)],
    "one AS o JOIN LATERAL (SELECT q.one_id, q.w FROM many AS q WHERE q.one_id = o.id ORDER BY q.n LIMIT 1) AS m"
    " ON m.one_id = o.id": [("m.one_id", False), ("m.w", True)],
    "one AS o JOIN fold AS m ON m.name = o.cased": [("m.name", False), ("m.rank", False)],
    "one AS o JOIN one AS m ON m.i IS NOT DISTINCT FROM o.i": [("m.i", True)],
    "one AS o JOIN label AS l ON l.id = o.nn JOIN many AS m ON m.one_id = o.id": [("l.name", False), ("m.n", False)],
}
CONDITIONS = ["", "WHERE o.nn > 1 OR o.i = 2 -- either\n", "WHERE o.b IS NOT NULL", "WHERE o.t = 'a'", "WHERE o.nn = 3",
              "WHERE (o.nn, o.i) > (1, 2)", "WHERE (o.i, o.nn) <> (2, 1)",
              "WHERE o.i = ANY (SELECT n.rank FROM label AS n) OR o.nn = 1"]  # fmt: skip


UNCLEAR = ("nd", "o.ct", "o.c", "o.f", "o.r", "o.iv", "o.num")
"""equal values that are written differently: which of them DISTINCT shows is open"""


NULLS = {None: "", True: " NULLS FIRST", False: " NULLS LAST"}


@dataclass(frozen=True)
class Spec:
    """One pagination; `directions` are DESC and NULLS FIRST, None for the default placement."""

    tables: str
    where: str
    keys: tuple[str, ...]
    directions: tuple[tuple[bool, bool | None], ...]
    distinct: bool
    form: str
    """union, or (no index could serve branches), added (branches return the keys beside the columns)."""

    def sql(self, selected: Sequence[str]) -> str:
        order = ", ".join(
            f"{key}{' DESC' if descending else ''}{NULLS[first]}"
            for key, (descending, first) in zip(self.keys, self.directions, strict=True)
        )
        listed = ", ".join(f"{key} AS k{at}" for at, key in enumerate(selected))
        distinct = "DISTINCT " if self.distinct else ""
        return f"SELECT {distinct}{listed} FROM {self.tables} {self.where} ORDER BY {order} LIMIT $1 OFFSET $2"


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    tables = draw(st.sampled_from(list(JOINED)))
    keys = draw(st.lists(st.sampled_from(PLAIN + 4 * JOINED[tables]), min_size=1, max_size=3, unique=True))
    directions = tuple(draw(st.tuples(st.booleans(), st.sampled_from([None, True, False]))) for _ in keys)
    distinct = draw(st.integers(0, 5)) == 0 and not any(part in key for key, _ in keys for part in UNCLEAR)
    return Spec(
        tables=tables,
        where=draw(st.sampled_from(CONDITIONS)),
        keys=tuple(key for key, _ in keys),
        directions=directions,
        distinct=distinct,
        form=draw(st.sampled_from(["union", "union", "or"] if distinct else ["union", "or", "added"])),
    )


class Paging:
    """A spec, rewritten, with its keys in the select list as an application selects its cursor."""

    def __init__(self, spec: Spec, catalog: Catalog, volatility: Volatility) -> None:
        selected = list(spec.keys)
        if not spec.distinct:
            selected = [key.sql for key in judge(spec.sql(selected), catalog, volatility)[1].keys]
        source, keyset = judge(spec.sql(selected), catalog, volatility)
        self.names = [str(key.output) for key in keyset.keys]
        replace = msgspec.structs.replace
        if spec.form == "or":
            keyset = replace(keyset, candidate=None)
        elif spec.form == "added":
            keys = tuple(replace(key, output=None) for key in keyset.keys)
            keyset = replace(keyset, keys=keys, returned=False, outputs=tuple(f"k{at}" for at in range(len(selected))))
        self.keyset = keyset
        made = maker(source, keyset, ("bigint", "bigint"))
        assert made is not None
        self.maker: Maker = made
        self.pages = made.pages()

    def texts(self, role: str) -> dict[str, str]:
        """Pages by which keys of the cursor are NULL, as templates for format()."""
        return {
            "".join(str(int(null)) for null in page.variant.nulls or ()): self._template(page)
            for page in self.pages
            if page.variant.role == role
        }

    def _template(self, page: Page) -> str:
        sql = page.statement.sql.replace("%", "%%")
        size = len(self.keyset.keys) + 1 if page.variant.nulls is not None else 1
        sources = page.sources
        return replaced(sql, lambda n: f"%{size}$s" if sources[n - 1] in (0, 1) else f"%{-sources[n - 1]}$L")

    def all_rows(self) -> str:
        """Every row in order, as an array of their texts; told without the rewriter's own ORDER BY."""
        ordered = ", ".join(
            f"k{at}{' DESC' if key.descending else ''} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
            for at, key in enumerate(self.keyset.keys)
        )
        row = ", ".join(f"k{at}" for at in range(len(self.keyset.keys)))
        return f"SELECT array_agg(ROW({row})::text ORDER BY {ordered}) FROM ({self.maker.rows()}) AS r"

    def page(self) -> str:
        """Around a page: its rows as text, and the keys of its last row."""
        texts = ", ".join(f"{name}::text" for name in self.names)
        return (
            f"SELECT array_agg(ROW({', '.join(self.names)})::text ORDER BY n), (SELECT array_agg(e ORDER BY o) FROM"
            f" jsonb_array_elements_text((jsonb_agg(jsonb_build_array({texts}) ORDER BY n DESC)) -> 0)"
            " WITH ORDINALITY AS u(e, o)) FROM (SELECT row_number() OVER () AS n, p.* FROM (<page>) AS p) AS q"
        )


def judge(sql: str, catalog: Catalog, volatility: Volatility) -> tuple[Source, Keyset]:
    what = shape(sql, catalog, ("public",))
    assert what is not None
    source = Source(sql, what, catalog, volatility)
    (judged,) = paginations(source)
    assume(isinstance(judged, Keyset) or judged.case != "many_nullable")
    assert isinstance(judged, Keyset), (sql, judged)
    return source, judged


class World:
    """The database and what is known of it. Hypothesis prints its arguments, and a catalog is long."""

    def __init__(self, pg: Any, catalog: Catalog) -> None:
        self.pg = pg
        self.catalog = catalog
        self.volatility = Volatility(catalog)

    def __repr__(self) -> str:
        return "World()"

    def paging(self, spec: Spec) -> Paging:
        return Paging(spec, self.catalog, self.volatility)


@pytest.fixture(scope="module")
def world(pg_module: Any) -> World:
    pg_module.execute(SCHEMA)
    pg_module.execute(WALK)

    async def read() -> Catalog:
        connection = await connect(pg_module.dsn)
        try:
            return (await collect(connection, CollectOptions())).catalog
        finally:
            await connection.close()

    return World(pg_module, asyncio.run(read()))


def walk(paging: Paging, size: int, full: list[str], pg: Any, *, backwards: bool = False) -> list[str]:
    first, start = paging.texts("first_page")[""], None
    if backwards:  # from the last row on, which the previous page does not return itself
        texts = ", ".join(f"k{at}::text" for at in range(len(paging.names)))
        rows = pg.fetch(f"SELECT ARRAY[{texts}] FROM ({paging.maker.rows()}) AS r WHERE ROW(r.*)::text = $1", full[-1])
        start = rows[0][0]
    pages = msgspec.json.encode(paging.texts("previous_page" if backwards else "next_page")).decode()
    found = pg.fetch("SELECT walk($1, $2::jsonb, $3, $4, $5, $6)", first, pages, paging.page(), size, start, 5000)[0][0]
    return [full[-1], *found][::-1] if backwards else list(found)


SIZES = st.one_of(st.sampled_from([0, 1, -1, -2, -3]), st.integers(0, 10**6))
"""page sizes from 1 to n + 1, modulo n + 1: 1, 2, n + 1, n, n - 1, and any."""


@settings(max_examples=SPECS, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(spec=specs(), choices=st.tuples(SIZES, SIZES))
def test_no_row_is_lost_doubled_or_misplaced(spec: Spec, choices: tuple[int, int], world: World) -> None:
    paging, pg_module = world.paging(spec), world.pg
    full = list(pg_module.fetch(paging.all_rows())[0][0] or [])
    there, back = (range(1, len(full) + 2)[choice % (len(full) + 1)] for choice in choices)
    assert walk(paging, there, full, pg_module) == full
    if full:
        assert walk(paging, back, full, pg_module, backwards=True) == full


def no_null_rule(keys: Sequence[Key], *rest: Any, **options: Any) -> list[str]:
    """The generator as if no key could be NULL."""
    return branches([msgspec.structs.replace(key, nullable=False) for key in keys], *rest, **options)


def no_tiebreaker(keys: Sequence[Key], here: Sequence[str], cursor: Sequence[Any], **options: Any) -> list[str]:
    written = [at for at, key in enumerate(keys) if key.written]
    some = [[sequence[at] for at in written] for sequence in (keys, here, cursor)]
    return branches(*some, **options)


def naive_rows(
    keys: Sequence[Key], here: Sequence[str], cursor: Sequence[Any], *, backwards: bool = False
) -> list[str]:
    """One row comparison whatever the directions and the NULLs."""
    operator = "<" if keys[0].descending != backwards else ">"
    return [compare(here, operator, [value if value is not None else "NULL" for value in cursor])]


def lost(generator: Generator, paging: Paging, pg: Any) -> bool:
    """Whether a page goes wrong somewhere: for some row, what comes "after" is not the number of rows behind it."""
    keys = paging.keyset.keys
    names = [f"k{at}" for at in range(len(keys))]
    cases = []
    for page in paging.pages:
        if page.variant.role == "next_page" and page.variant.nulls is not None:
            nulls = page.variant.nulls
            values = [None if null else f"c.{name}" for null, name in zip(nulls, names, strict=True)]
            tests = " AND ".join(
                f"c.{name} IS {'' if null else 'NOT '}NULL" for null, name in zip(nulls, names, strict=True)
            )
            parts = generator(keys, [f"r.{name}" for name in names], values)
            cases.append(f"({tests} AND ({' OR '.join(f'({part})' for part in parts) or 'false'}))")
    ordered = ", ".join(
        f"{name}{' DESC' if key.descending else ''} NULLS {'FIRST' if key.nulls_first else 'LAST'}"
        for name, key in zip(names, keys, strict=True)
    )
    place = f"row_number() OVER (ORDER BY {ordered}) AS place"
    rows = f"SELECT *, {place}, count(*) OVER () AS n FROM ({paging.maker.rows()}) x"
    return bool(
        pg.fetch(
            f"WITH r AS MATERIALIZED ({rows}) SELECT 1 FROM r AS c WHERE c.n - c.place <>"
            f" (SELECT count(*) FROM r WHERE {' OR '.join(cases) or 'false'})"
        )
    )


@settings(max_examples=60, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(spec=specs(), generator=st.sampled_from([no_null_rule, no_tiebreaker, naive_rows, branches]))
def test_the_proof_catches_every_generator_that_loses_rows(spec: Spec, generator: Generator, world: World) -> None:
    paging, pg_module = world.paging(spec), world.pg
    bad = pg_module.fetch(adjacency_sql(paging.keyset.keys, paging.maker.rows(), generator))[0]["bad"]
    if generator is branches:
        assert bad == 0
        assert not lost(branches, paging, pg_module)
    elif lost(generator, paging, pg_module):
        CAUGHT.add(generator.__name__)
        assert bad > 0


CAUGHT: set[str] = set()


def test_each_mutant_was_met_and_caught() -> None:
    assert {"no_null_rule", "no_tiebreaker", "naive_rows"} == CAUGHT

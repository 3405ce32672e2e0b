import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sql_writer import Writer, meanings, other

from pgtune_cli.sql.fingerprint import fingerprint, normalise
from pgtune_cli.sql.lex import tokens


@settings(max_examples=60)
@given(st.data())
def test_a_statement_keeps_its_fingerprint_however_it_is_written(data: st.DataObject) -> None:
    meaning = data.draw(meanings())
    one, another = (Writer(data.draw).write(meaning) for _ in range(2))
    assert fingerprint(one) == fingerprint(another)


@settings(max_examples=60)
@given(st.data())
def test_a_statement_that_does_something_else_has_another_fingerprint(data: st.DataObject) -> None:
    meaning = data.draw(meanings())
    changed = data.draw(st.composite(lambda draw: other(meaning, draw))())
    assert fingerprint(Writer(data.draw).write(meaning)) != fingerprint(Writer(data.draw).write(changed))


@settings(max_examples=60)
@given(st.data())
def test_normalised_text_has_the_same_fingerprint_and_is_its_own_normal_form(data: st.DataObject) -> None:
    text = Writer(data.draw).write(data.draw(meanings()))
    assert fingerprint(normalise(text)) == fingerprint(text)
    assert normalise(normalise(text)) == normalise(text)


SECRET = "zq7secret"
PLANTED = st.sampled_from(
    [
        f"'{SECRET}'",
        f"'it''s {SECRET}'",
        rf"E'\'{SECRET}'",
        f"$${SECRET}$$",
        f"$tag$ $$ {SECRET} $tag$",
        f"U&'{SECRET}'",
        f"N'{SECRET}'",
        f"'x'\n '{SECRET}'",
        f"date '{SECRET}'",
        f"'{SECRET}'::text",
        f"interval '{SECRET}' day",
        f"/* {SECRET} */ 1",
        f"/* /* {SECRET} */ {SECRET} */ 1",
        f"1 -- {SECRET}\n",
        "7777777771",
        "-7777777771.5e3",
        "0x7777777771",
        "x'7777777771'",
        "7_777_777_771",
    ]
)


@settings(max_examples=300)
@given(st.lists(PLANTED, min_size=1, max_size=4), st.integers(0, 200))
def test_no_constant_survives_even_where_the_text_is_cut_off(values: list[str], cut: int) -> None:
    listed = ",".join(values)
    head, tail = f"select {values[0]} from t where a in ({listed}) order by ", f" limit {values[0]} /*{SECRET}*/"
    # a bare number in ORDER BY can only be an ordinal, and the first digits of one may be an ordinal too
    for part in (head + values[-1] + tail, f"{head}coalesce({values[-1]}, a){tail}"[:cut]):
        found = normalise(part)
        assert SECRET not in found
        assert not re.search(r"7{2}", found.replace("_", ""))


def test_normalised_text_is_readable() -> None:
    text = (
        "SELECT a,\n  b FROM t -- who\nWHERE a = 'x' AND b IN (1, $3) AND c::numeric(10, 2) > 5 ORDER BY 2, 'q' LIMIT 5"
    )
    expected = "SELECT a, b FROM t WHERE a = $4 AND b IN ($5, $3) AND c::numeric(10, 2) > $6 ORDER BY 2, $7 LIMIT $8"
    assert normalise(text) == expected


def test_a_cut_off_text_is_normalised_up_to_the_cut() -> None:
    assert normalise("select a from t where b = 'secr") == "select a from t where b = …"


def same(*texts: str) -> bool:
    return len({fingerprint(text) for text in texts}) == 1


SPELLINGS = """
select id from t where a in (1,2,3)
select id from t where a in ($1 /*, ... */)
select id from t where a in ($2)

select 1 from t where a = any(array[1,2])
select 1 from t where a = any(array[$1 /*, ... */])

insert into t values (1,'a')
INSERT INTO t VALUES ($1,$2),($3,$4),($5,$6)

select 1 from t where (a,b) in ((1,2),(3,4))
select 1 from t where (a,b) in (($1,$2))

select cast(a as int) from t
select a::int from t

select a from t where b != 1
select a from t where b <> $1

select extract(year from a) from t
select extract($1 from a) from t

update t set a = 1 where t.id = 2
update t as x set a = $1 where x.id = $2

delete from t using u where u.id = t.id
delete from t a using u b where b.id = a.id

insert into t as x (a) values (1) on conflict (a) do update set b = x.b
insert into t (a) values ($1) on conflict (a) do update set b = t.b

select t.* from t for update of t
select x.* from t x for update of x

select a as b, count(*) as n from t group by b order by n
select a as c, count(*) m from t group by c order by m

merge into t using u on t.a = u.a when matched then delete
merge into t x using u y on x.a = y.a when matched then delete

with c as (select * from t a) select c.x from c
with c as (select * from t b) select d.x from c d

select s.a from (select a from t x where x.b = 1) s
select q.a from (select a from t where t.b = 2) as q

select 1 from a join b using (x) left outer join c on c.y = b.y
select 1 from a z inner join b w using (x) left join c v on v.y = w.y

select 1 from f(1) with ordinality as q(a, b) where q.a > 1
select 1 from f($1) with ordinality z(a, b) where z.a > $2

select 1 from ((a join b on a.x = b.x))
select 1 from ((a p join b q on p.x = q.x))

select a from t where b is null and c = null
select a from t where b is null and c = $1

select größe from Ärger Ö where Ö.b = 1
SELECT "größe" FROM "Ärger" ß WHERE ß.b = $1

/*traceparent='00-5b8aa5a2'*/ select 1
select $1 /*controller='orders',action='index'*/
"""


@pytest.mark.parametrize("texts", SPELLINGS.strip().split("\n\n"))
def test_spellings_of_one_statement_are_one(texts: str) -> None:
    assert same(*texts.splitlines())


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("select a from t order by 1", "select a from t order by 2"),
        ("select a from s1.t", "select a from s2.t"),
        ("select x.a from t x join t y on x.b = y.c", "select y.a from t x join t y on x.b = y.c"),
        ("select a from t where b is null", "select a from t where b is not null"),
        ("select a from t where b in (1, c)", "select a from t where b in (1)"),
        ("select a from t where b = 1", "select a from t where b in (1)"),
        ("select f(1, 2)", "select f(1)"),
        ("insert into t values (1)", "insert into t values (1, 2)"),
        ("select a from t where b - 5 = c", "select a from t where b = c"),
        ('select "A" from t', "select a from t"),
        ("select count(*) from t", "select count(t.*) from t"),
        ("select a from t", "select a from t for update"),
        ("select a from t left join u on true", "select a from t right join u on true"),
        ("select a from t union select b from u", "select a from t union all select b from u"),
        ("select x + interval '1' day from t", "select x + interval '1' year from t"),
        ("select a::numeric(10,2) from t", "select a::numeric(12,2) from t"),
        ("select a from t where x and (y or z)", "select a from t where (x and y) or z"),
        ("select (select a from t x where x.b = y.b) from u y", "select (select a from t x where x.b = x.b) from u y"),
        ("select a from t where b = 'x", "select a from t where b ="),
        ("select a from t", "select distinct a from t"),
        ("select a from Ärger", "select a from ärger"),
        ("select a from t where b LI\u212ae 'x'", "select a from t where b like 'x'"),
    ],
)
def test_different_statements_stay_apart(one: str, another: str) -> None:
    assert not same(one, another)


@given(st.text(max_size=60))
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint(text))
    normalise(text)


def test_a_fingerprint_is_the_same_in_every_release() -> None:
    """Baselines hold fingerprints: a change here orphans them, and needs a new FORM."""
    assert fingerprint("select o.id from orders o where o.id in (1, 2)") == "0b60798c4454bdfb"


def test_a_list_of_a_hundred_thousand_constants_is_one_element() -> None:
    text = "select 1 from t where a in (" + ",".join(map(str, range(100_000))) + ")"
    assert fingerprint(text) == fingerprint("select 1 from t where a in ($1)")
    assert len(tokens(text)) > 100_000

"""Schemas and statements made up by hypothesis: a column of every type, and what statements ask of it."""

from hypothesis import strategies as st

TYPES = {
    "smallint": "i % 50",
    "integer": "i",
    "bigint": "i * 1000003",
    "numeric(12,3)": "i / 7.0",
    "real": "i / 3.0",
    "double precision": "sqrt(i)",
    "boolean": "i % 3 = 0",
    "text": "'it''s ' || i % 40",
    "varchar(30)": "'v%_\\' || i",
    "char(4)": "'c' || i % 9",
    "citext": "'C' || i % 30",
    "name": "'n' || i % 5",
    "uuid": "md5(i::text)::uuid",
    "date": "date '2024-01-01' + i % 300",
    "timestamp": "timestamp '2024-01-01' + i * interval '1 hour'",
    "timestamptz": "timestamptz '2024-01-01 00:00+00' + i * interval '1 hour'",
    "time": "time '00:00' + i * interval '1 s'",
    "timetz": "timetz '01:00+02' + i * interval '1 s'",
    "interval": "i * interval '1 hour'",
    "inet": "'10.0.0.0'::inet + i",
    "cidr": "set_masklen('10.0.0.0'::cidr + i * 256, 24)::cidr",
    "macaddr": "'08:00:2b:01:02:03'",
    "bit(8)": "i::bit(8)",
    "varbit": "(i % 16)::bit(4)::varbit",
    "bytea": "decode(md5(i::text), 'hex')",
    "money": "i::numeric::money",
    "jsonb": "jsonb_build_object('k', i % 9, 'a b', 'x' || i % 4)",
    "json": "json_build_object('k', i % 9)",
    "text[]": "array['a,' || i % 5, 'b\"' || i % 3]",
    "integer[]": "array[i % 6, i % 4]",
    "int4range": "int4range(i, i + 9)",
    "tstzrange": "tstzrange(timestamptz '2024-01-01' + i * interval '1 h', null)",
    "daterange": "daterange(date '2024-01-01' + i, null)",
    "tsvector": "to_tsvector('simple', 'word' || i % 8 || ' it''s')",
    "mood": "(array['sad','ok','o''k'])[1 + i % 3]::mood",
    "positive": "1 + i % 70",
    "mood[]": "array['ok']::mood[]",
    "numrange": "numrange(i, i + 0.5)",
    "xid": "'5'",
    "oid": "i",
    "int4multirange": "int4multirange(int4range(i, i + 2))",
    "point": "point(i, i)",
}
PLAIN = (
    "= $",
    "<> $",
    "in ($, $, $)",
    "= any ($)",
    "between $ and $",
    "> $ and {} <= $",
    "is not distinct from $",
    ">= $",
)
OF_TYPE = {
    "text": ("like $", "ilike $", "~ $", "|| $ = $", "between $ and $"),
    "varchar(30)": ("like $", "not like $"),
    "citext": ("like $", "~* $"),
    "jsonb": ("@> $", "? $", "->> $ = $", "->> 'k' = $", "-> $ = $", "#>> $ = $", "@? $"),
    "json": ("->> $ = $",),
    "text[]": ("@> $", "&& $", "[$] = $", "<@ $"),
    "integer[]": ("@> $", "&& $"),
    "int4range": ("@> $::int", "&& $", "@> $::int4range"),
    "tstzrange": ("@> $::timestamptz", "&& $"),
    "daterange": ("@> $::date", "<@ $"),
    "numrange": ("@> $::numeric",),
    "int4multirange": ("@> $::int", "&& $"),
    "tsvector": ("@@ to_tsquery('simple', $)", "@@ $::tsquery"),
    "inet": ("<< $", ">>= $"),
    "cidr": ("&& $",),
    "timestamptz": ("> now() - $::interval", "::date = $", "at time zone $ > $"),
    "date": ("- $::int > $", "+ $::int = $"),
    "interval": ("* $ > $",),
    "integer": ("% $ = $", "+ $ > $", "::text = $"),
    "boolean": ("is not $",),
    "point": ("<@ $::box",),
    "bit(8)": ("& $ = $",),
    "timestamp": ("between $ and $::timestamp + $::interval",),
}
NO_ORDER = {"json", "xid", "point"}


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, str]:
    types = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=3, max_size=8, unique=True))
    names = ["id", "Mixed Case", "select", "é", "a_b", "x'y", "c7", "long" * 10]
    return dict(zip(draw(st.permutations(names)), types, strict=False))


@st.composite
def statements(draw: st.DrawFn, columns: dict[str, str]) -> str:
    conditions = []
    for name in draw(st.lists(st.sampled_from(sorted(columns)), min_size=1, max_size=3, unique=True)):
        kind = columns[name]
        forms = (*(() if kind in NO_ORDER else PLAIN), *OF_TYPE.get(kind, ()), "is not null and $ = 5")
        column = '"' + name.replace('"', '""') + '"'
        conditions.append(f"({column} {draw(st.sampled_from(forms))})".replace("{}", column))
    joined = draw(st.sampled_from([" and ", " or "])).join(conditions)
    text = f"select * from made where {joined}{draw(st.sampled_from(['', ' limit $', ' order by 1 offset $ limit $']))}"
    parts = text.split("$")
    return "".join(part + (f"${number}" if number < len(parts) else "") for number, part in enumerate(parts, start=1))

"""Connection strings, by libpq's rules."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_cli.collect.conninfo import parse_dsn
from pgtune_cli.errors import UsageError

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://", {}),
        ("postgres://db", {"host": "db"}),
        (
            "postgresql://ann@db.example.com:5433/shop",
            {"host": "db.example.com", "port": "5433", "user": "ann", "dbname": "shop"},
        ),
        ("postgresql://ann:p%40ss%2Fw@db/shop", {"host": "db", "user": "ann", "password": "p@ss/w", "dbname": "shop"}),
        ("postgresql://ann:p@ss@db/shop", {"host": "db", "user": "ann", "password": "p@ss", "dbname": "shop"}),
        ("postgresql+psycopg2://ann@db/shop", {"host": "db", "user": "ann", "dbname": "shop"}),
        ("postgres+asyncpg://db/shop?ssl=require", {"host": "db", "dbname": "shop", "sslmode": "require"}),
        ("POSTGRESQL://db/shop?ssl=true", {"host": "db", "dbname": "shop", "sslmode": "require"}),
        ("postgresql://%2Fvar%2Frun%2Fpostgresql/shop", {"host": "/var/run/postgresql", "dbname": "shop"}),
        ("postgresql:///shop?host=/tmp&port=5433", {"host": "/tmp", "port": "5433", "dbname": "shop"}),
        ("postgresql://[2001:db8::1]:5433/shop", {"host": "2001:db8::1", "port": "5433", "dbname": "shop"}),
        ("postgresql://a:5433,b,[::1]:5434/shop", {"host": "a,b,::1", "port": "5433,,5434", "dbname": "shop"}),
        ("postgresql://db/my%20shop%F0%9F%90%98", {"host": "db", "dbname": "my shop🐘"}),
        (
            "postgresql://db/shop?options=-c%20work_mem%3D64MB",
            {"host": "db", "dbname": "shop", "options": "-c work_mem=64MB"},
        ),
        ("postgresql://db/shop?password=a+b", {"host": "db", "dbname": "shop", "password": "a+b"}),
        ("postgresql://db/shop?schema=public&connection_limit=5&pgbouncer=true", {"host": "db", "dbname": "shop"}),
        (
            "postgresql://db/shop?sslmode=require&channel_binding=require",
            {"host": "db", "dbname": "shop", "sslmode": "require"},
        ),
        ("host=db dbname='my db'", {"host": "db", "dbname": "my db"}),
        (r"host = db password = 'it\'s \\ a' user=ann", {"host": "db", "password": r"it's \ a", "user": "ann"}),
        (r"password=a\ b user=''", {"password": "a b"}),
        ("host=a,b port=1,2", {"host": "a,b", "port": "1,2"}),
        ("service=shop", {"service": "shop"}),
        ("database=shop username=ann", {"dbname": "shop", "user": "ann"}),
        ("", {}),
    ],
)
def test_a_connection_string_means_what_libpq_takes_it_for(text: str, expected: dict[str, str]) -> None:
    assert parse_dsn(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://root@db/shop", "not a PostgreSQL connection: the URI is of another kind"),
        ("jdbc:postgresql://db/shop", "the connection string cannot be read: it wants key=value pairs"),
        ("postgresql://db/shop?sslmod=require", "unknown connection parameter 'sslmod'"),
        ("postgresql://db/shop?host", "a parameter of the connection URI has no value"),
        ("postgresql://db/shop?replication=database", "connection parameter replication is not supported"),
        ("postgresql://db/100%", "the connection URI has a % that starts no escape"),
        ("postgresql://db/%FF", "an escape of the connection URI is not UTF-8"),
        ("postgresql://ann:se/cret@db/shop", "the connection URI has an @ behind its first /"),
        ("postgresql://ann:s@e/cret@db/shop", "the connection URI has an @ behind its first /"),
        ("postgresql://db:x/shop", "host and port of the connection URI cannot be read"),
        ("host=db dbname='shop", "the connection string cannot be read: it wants key=value pairs"),
        ("host=db shop", "the connection string cannot be read: it wants key=value pairs"),
        ("hostt=db", "unknown connection parameter 'hostt'"),
    ],
)
def test_a_mistake_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_dsn(text)
    assert str(caught.value) == message


def test_a_mistyped_parameter_gets_the_near_name() -> None:
    with pytest.raises(UsageError) as caught:
        parse_dsn("postgresql://db/shop?sslmod=require")
    assert caught.value.hint == "did you mean sslmode?"


@given(user=TEXT, password=TEXT, database=TEXT)
def test_percent_encoding_carries_every_text(user: str, password: str, database: str) -> None:
    def encoded(text: str) -> str:
        return quote(text, safe="")

    uri = f"postgresql://{encoded(user)}:{encoded(password)}@db/{encoded(database)}"
    assert parse_dsn(uri) == {"host": "db", "user": user, "password": password, "dbname": database}


@given(password=TEXT, database=TEXT)
def test_quotes_of_a_conninfo_string_carry_every_text(password: str, database: str) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    assert parse_dsn(f"dbname={quoted(database)} password={quoted(password)}") == {
        "dbname": database,
        "password": password,
    }


def refusal(text: str) -> str:
    """What is said against a text; nothing where it can be read."""
    try:
        parse_dsn(text)
    except UsageError as exc:
        return f"{exc} {exc.hint}"
    return ""


@given(noise=st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line(noise: str) -> None:
    for form in ("{0}", "postgresql://{0}", "postgresql://u:{0}@db/x", "a={0} {0}"):
        assert "\n" not in refusal(form.format(noise))


@given(secret=st.text("abcXYZ019/?#@:%& =", min_size=8, max_size=20).map(lambda text: f"Geheim{text}"))
def test_a_refusal_never_repeats_the_password(secret: str) -> None:
    for form in ("postgresql://ann:{0}@db:x/shop", "postgresql://ann:{0}@db/shop?nope=1", "password={0} nope", "{0}"):
        assert "Geheim" not in refusal(form.format(secret))

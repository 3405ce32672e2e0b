"""A small blog, unlike the demo: tables, data, and statements sent so that pg_stat_statements fills itself."""

import asyncio
from typing import Any

SCHEMA = """
CREATE EXTENSION pg_stat_statements;
CREATE TYPE mood AS ENUM ('happy', 'sad', 'angry 😠');
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'happy');
CREATE TABLE post (
    id bigint PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text NOT NULL, body text,
    created_at timestamptz NOT NULL, views int NOT NULL, tags text[]
);
CREATE TABLE comment (
    id bigint PRIMARY KEY, post_id bigint NOT NULL REFERENCES post ON DELETE CASCADE, author_id int, body text,
    created_at timestamptz NOT NULL
);
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Täble ""quoted"" 😀" ("Key Column" int PRIMARY KEY, "select" text NOT NULL, v int);
INSERT INTO author SELECT i, 'author ' || i, CASE i % 10 WHEN 0 THEN 'sad' ELSE 'happy' END::mood
    FROM generate_series(1, 500) AS i;
INSERT INTO post SELECT i, 1 + i % 500, 'title ' || i, repeat('x', 120),
    timestamptz '2024-01-01' + i * interval '7 minutes', (i * 7919) % 1000, ARRAY['t' || i % 9]
    FROM generate_series(1, 40000) AS i;
INSERT INTO comment SELECT i, 1 + (i * 31) % 40000, 1 + i % 500, repeat('y', 60),
    timestamptz '2024-01-01' + i * interval '3 minutes' FROM generate_series(1, 120000) AS i;
INSERT INTO "Odd Schema"."Täble ""quoted"" 😀" SELECT i, 'value ' || i % 5000, i % 3
    FROM generate_series(1, 50000) AS i;
VACUUM ANALYZE;
"""

STATEMENTS: tuple[tuple[str, tuple[Any, ...], int], ...] = (
    ("SELECT * FROM post WHERE id = $1", (17,), 200),
    ("SELECT c.id, c.body FROM comment c WHERE c.post_id = $1 ORDER BY c.created_at", (42,), 60),
    ("SELECT id, title FROM post WHERE author_id = $1 ORDER BY created_at DESC LIMIT $2", (7, 10), 60),
    ("SELECT id, title FROM post ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2", (20, 20000), 20),
    ('SELECT "Key Column", v FROM "Odd Schema"."Täble ""quoted"" 😀" AS "T" WHERE "T"."select" = $1', ("value 7",), 40),
    ("SELECT a.mood, count(*) FROM author a JOIN post p ON p.author_id = a.id GROUP BY a.mood", (), 3),
    ("UPDATE post SET views = views + 1 WHERE id = $1", (5,), 30),
    ("SELECT count(*) FROM author", (), 10),
)


def load_blog(pg: Any) -> None:
    """Fill an empty database and send the statements, prepared, as a driver does."""
    pg.execute(SCHEMA.replace("VACUUM ANALYZE;", ""))
    pg.execute("VACUUM ANALYZE")

    async def send() -> None:
        connection = await pg.connect()
        try:
            # of this database alone: other tests look at theirs
            await connection.execute(
                "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()"
            )
            for text, arguments, calls in STATEMENTS:
                prepared = await connection.prepare(text)
                for _ in range(calls):
                    await prepared.fetch(*arguments)
        finally:
            await connection.close()

    asyncio.run(send())

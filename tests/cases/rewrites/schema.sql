-- the tables of the rewrite cases; the tests make them twice, with rows and empty
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, country text, joined date, boss_id int);
CREATE TABLE book (
    id int PRIMARY KEY, author_id int NOT NULL, co_id int, title text NOT NULL, price numeric(8, 2), score float8,
    status text NOT NULL, kind varchar(10) NOT NULL, sold_at timestamptz, made_at timestamp NOT NULL, ref uuid,
    code text UNIQUE, words text[], "Odd" int
);
CREATE TABLE review (
    book_id int NOT NULL, n int NOT NULL, stars int, body text, author_id int NOT NULL, PRIMARY KEY (book_id, n)
);
CREATE TABLE tag (id bigint PRIMARY KEY, book_id int NOT NULL, label text NOT NULL, weight int);
CREATE INDEX ON book (author_id);
CREATE INDEX ON book (made_at);

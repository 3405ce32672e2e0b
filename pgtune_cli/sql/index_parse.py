"""CREATE INDEX as somebody wrote it -> the candidate that it means. Nothing else is taken."""

from collections.abc import Sequence

from pgtune_cli.errors import UsageError, near_hint
from pgtune_cli.model.catalog import Catalog, IndexKey, Relation, RelationKind, RelationName
from pgtune_cli.model.index import CandidateIndex
from pgtune_cli.sql.lex import Token, TokenKind, TruncatedText, tokens
from pgtune_cli.sql.search_path import near_relation

METHODS = ("btree", "hash", "gist", "gin", "brin", "spgist")
KEY_END = {"collate", "asc", "desc", "nulls"}
INDEXABLE = (RelationKind.TABLE, RelationKind.PARTITIONED, RelationKind.MATERIALIZED_VIEW)


def parse_index(sql: str, catalog: Catalog, search_path: Sequence[str]) -> CandidateIndex:
    """The candidate of one CREATE INDEX; its own name does not matter.

    Raises:
        UsageError: another statement, one that cannot be read, or a table or column that there is none of.
    """
    return _Reader(sql, catalog, search_path).read()


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, sql: str, catalog: Catalog, search_path: Sequence[str]) -> None:
        self.sql, self.catalog, self.search_path = sql, catalog, search_path
        try:
            found = tokens(sql)
        except TruncatedText as error:
            raise self._wrong("it ends within a string or a name") from error
        while found and found[-1].text == ";":
            found.pop()
        self.tokens = found
        self.at = 0

    def read(self) -> CandidateIndex:
        self._expect("create")
        unique = self._take("unique")
        self._expect("index")
        self._take("concurrently")
        if self._take("if"):
            self._expect("not")
            self._expect("exists")
        if not self._take("on"):
            self._name()
            if self._text() == ".":  # the index has the schema of its table
                raise self._wrong("an index is in the schema of its table: leave the schema out of its name")
            self._expect("on")
        self._take("only")
        table = self._table()
        method = self._method()
        keys = tuple(self._key(item, table) for item in self._items("the keys"))
        include = self._include(table) if self._take("include") else ()
        predicate = None
        if self._take("where"):
            predicate = self._rest()
        elif self.at < len(self.tokens):
            raise self._wrong(f"{self.tokens[self.at].text} is not modelled")
        name = table.relation_name
        return CandidateIndex(
            table=name, method=method, keys=keys, include=include, predicate=predicate, unique=unique
        )  # fmt: skip

    def _method(self) -> str:
        if not self._take("using"):
            return "btree"
        method = self._name()
        if method not in METHODS:
            raise self._wrong(f"no access method {method}: one of {', '.join(METHODS)}", near_hint(method, METHODS))
        return method

    def _table(self) -> Relation:
        parts = [self._name()]
        while self._text() == ".":
            self.at += 1
            parts.append(self._name())
        if len(parts) > 2:
            raise self._wrong(f"no table {'.'.join(parts)}")
        schemas = [parts[0]] if len(parts) == 2 else list(self.search_path)
        for schema in schemas:
            found = self.catalog.relation(RelationName(schema, parts[-1]))
            if found is not None and _indexable(found):
                return found
        meant = near_relation(".".join(parts), filter(_indexable, self.catalog.relations), self.search_path)
        raise self._wrong(f"there is no table {'.'.join(parts)}", f"did you mean {meant}?" if meant else None)

    def _key(self, item: list[Token], table: Relation) -> IndexKey:
        end = next(
            (at for at, token in enumerate(item) if at and token.word in KEY_END and _level(item, at) == 0), None
        )
        head, tail = item[:end], item[end:] if end is not None else []
        column, expression, rest = self._head(head, table)
        collation, rest_of_tail = self._collation(tail)
        # after COLLATE comes the operator class, then the order
        rest += [token for token in rest_of_tail if token.word not in ("asc", "desc", "nulls", "first", "last")]
        words = [token.word for token in rest_of_tail]
        descending = "desc" in words
        nulls_first = "first" in words if "nulls" in words else descending
        return IndexKey(
            column=column, expression=expression, descending=descending, nulls_first=nulls_first,
            opclass=self._plain(rest), collation=collation,
        )  # fmt: skip

    def _head(self, head: list[Token], table: Relation) -> tuple[str | None, str | None, list[Token]]:
        """Column or expression, and what follows it (an operator class)."""
        if head[0].text == "(":
            close = next((at for at in range(1, len(head)) if _level(head, at + 1) == 0), None)
            if close is None or close == 1:
                raise self._wrong("an expression is not closed")
            return None, self.sql[head[0].end : head[close].start].strip(), head[close + 1 :]
        name = head[0].name
        if name is None:
            raise self._wrong(f"{head[0].text} is neither a column nor an expression")
        call = next((at for at, token in enumerate(head) if token.text == "("), None)
        if (
            call is not None
            and all(token.name is not None or token.text == "." for token in head[:call])
            and (call == 1 or head[1].text == ".")
        ):  # f(x), s.f(x)
            close = next(at for at in range(call, len(head)) if _level(head, at + 1) == 0)
            return None, self.sql[head[0].start : head[close].end], head[close + 1 :]
        return self._column(name, table), None, head[1:]

    def _column(self, name: str, table: Relation) -> str:
        if table.column(name) is None:
            meant = near_hint(name, [column.name for column in table.columns])
            raise self._wrong(f"table {table.relation_name} has no column {name}", meant)
        return name

    def _collation(self, tail: list[Token]) -> tuple[str | None, list[Token]]:
        if not tail or tail[0].word != "collate":
            return None, tail
        end = 4 if [token.text for token in tail[2:3]] == ["."] else 2
        return self._plain(tail[1:end]), tail[end:]

    def _plain(self, found: list[Token]) -> str | None:
        """`schema.name`, `name(options)` as the catalog writes it."""
        return "".join(token.name or token.text for token in found) or None

    def _include(self, table: Relation) -> tuple[str, ...]:
        items = self._items("the columns of INCLUDE")
        if any(len(item) != 1 or item[0].name is None for item in items):
            raise self._wrong("INCLUDE takes columns only")
        return tuple(self._column(item[0].name or "", table) for item in items)

    def _items(self, what: str) -> list[list[Token]]:
        """The parts of a bracketed list."""
        if self._text() != "(":
            raise self._wrong(f"{what} are missing")
        items: list[list[Token]] = [[]]
        depth = 0
        for at in range(self.at, len(self.tokens)):
            token = self.tokens[at]
            depth += (token.text in "([") - (token.text in ")]")
            if depth == 0:
                self.at = at + 1
                break
            if depth == 1 and token.text == ",":
                items.append([])
            elif at > self.at:
                items[-1].append(token)
        else:
            raise self._wrong("a bracket is not closed")
        if not all(items):
            raise self._wrong(f"{what} are missing")
        return items

    def _rest(self) -> str:
        if self.at >= len(self.tokens) or any(token.text == ";" for token in self.tokens[self.at :]):
            raise self._wrong("its WHERE is not one condition")
        text = self.sql[self.tokens[self.at].start : self.tokens[-1].end]
        self.at = len(self.tokens)
        return text

    def _text(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def _take(self, word: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at].word == word
        self.at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong("it is no CREATE INDEX" if self.at < 2 else f"{word.upper()} is missing")

    def _name(self) -> str:
        name = self.tokens[self.at].name if self.at < len(self.tokens) else None
        if name is None:
            raise self._wrong("a name is missing")
        self.at += 1
        return name

    def _wrong(self, why: str, hint: str | None = None) -> UsageError:
        return UsageError(
            f"cannot read the index {' '.join(self.sql.split())[:80]!r}: {why}",
            hint or "write it like CREATE INDEX ON orders (customer_id, created_at DESC) WHERE status = 'open'",
        )


def _indexable(relation: Relation) -> bool:
    return relation.kind in INDEXABLE


def _level(found: list[Token], at: int) -> int:
    """Open brackets before the token at `at`. A string that looks like one is longer than its quotes."""
    bare = [token.text for token in found[:at] if token.kind is TokenKind.PUNCTUATION]
    return sum((text in ("(", "[")) - (text in (")", "]")) for text in bare)

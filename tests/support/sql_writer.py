"""Makes statements, and writes one statement in many ways."""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

TABLES = ["orders", "customers", "order_items"]
COLUMNS = ["id", "status", "total", "created_at"]
OPERATORS = ["=", "<>", "<", ">=", "like", "@>", "is not distinct from"]


@dataclass(frozen=True)
class Meaning:
    """What a statement does, whichever way it is written."""

    tables: tuple[str, ...]
    columns: tuple[tuple[int, str], ...]
    conditions: tuple[tuple[int, str, str], ...]
    in_column: tuple[int, str] | None
    interval: bool
    exists: bool
    order: tuple[tuple[int, str, bool], ...]
    limit: bool


@st.composite
def meanings(draw: st.DrawFn) -> Meaning:
    tables = tuple(draw(st.lists(st.sampled_from(TABLES), min_size=1, max_size=3, unique=True)))
    column = st.tuples(st.integers(0, len(tables) - 1), st.sampled_from(COLUMNS))
    return Meaning(
        tables=tables,
        columns=tuple(draw(st.lists(column, min_size=1, max_size=3))),
        conditions=tuple(
            (*place, operator)
            for place, operator in draw(st.lists(st.tuples(column, st.sampled_from(OPERATORS)), max_size=3))
        ),
        in_column=draw(st.none() | column),
        interval=draw(st.booleans()),
        exists=draw(st.booleans()),
        order=tuple((*place, down) for place, down in draw(st.lists(st.tuples(column, st.booleans()), max_size=2))),
        limit=draw(st.booleans()),
    )


@dataclass
class Writer:
    """One way of writing; every choice comes from `pick`."""

    pick: Any
    parameters: int = 0
    aliases: list[str] = field(default_factory=list)

    def choose(self, *choices: str) -> str:
        return self.pick(st.sampled_from(choices))

    def word(self, text: str) -> str:
        return self.choose(text, text.upper(), text.title())

    def space(self) -> str:
        return self.choose(" ", "\n  ", " /* note 'x' */ ", " -- note $1\n")

    def name(self, text: str) -> str:
        return self.choose(text, f'"{text}"', text.upper())

    def value(self) -> str:
        self.parameters += 1
        literal = self.choose("'abc'", "12", "-3.5", "$$x$$", r"E'it\'s'", "true", "null")
        return self.choose(f"${self.parameters}", literal)

    def interval(self) -> str:
        self.parameters += 1
        number = f"${self.parameters}"
        forms = (
            "interval '1 day'",
            f"interval {number}",
            f"{number}::interval",
            "'2 h'::interval",
            f"cast({number} as interval)",
        )
        return self.choose(*forms)

    def column(self, place: int, column: str) -> str:
        return f"{self.name(self.aliases[place])}.{self.name(column)}"

    def conditions(self, meaning: Meaning) -> list[str]:
        conditions = [f"{self.column(at, name)} {operator} {self.value()}" for at, name, operator in meaning.conditions]
        if meaning.in_column is not None:
            values = [self.value() for _ in range(self.pick(st.integers(1, 5)))]
            conditions.append(f"{self.column(*meaning.in_column)} IN ({', '.join(values)})")
        if meaning.interval:
            conditions.append(f"now() - {self.interval()} < {self.column(0, 'created_at')}")
        if meaning.exists:
            inner = self.choose("z", "q")
            conditions.append(
                f"exists (select 1 from payments {inner} where {inner}.order_id = {self.column(0, 'id')})"
            )
        return conditions

    def write(self, meaning: Meaning) -> str:
        used = self.choose("", " ", " AS ")
        self.aliases = [f"{table[0]}{at}x" for at, table in enumerate(meaning.tables)]
        if not used:
            self.aliases = list(meaning.tables)
        tables = [
            self.choose("", "public.") + self.name(table) + (used + alias if used else "")
            for table, alias in zip(meaning.tables, self.aliases, strict=True)
        ]
        join = self.choose(" join ", " INNER JOIN ")
        from_ = join.join(f"{table} on {self.value()}" if at else table for at, table in enumerate(tables))
        parts = [
            self.word("select"),
            ", ".join(self.column(*place) for place in meaning.columns),
            self.word("from"),
            from_,
        ]
        conditions = self.conditions(meaning)
        if conditions:
            parts += [self.word("where"), f" {self.word('and')} ".join(conditions)]
        if meaning.order:
            keys = [
                self.column(at, name) + (" DESC" if down else self.choose("", " asc"))
                for at, name, down in meaning.order
            ]
            parts += ["order by", ", ".join(keys)]
        if meaning.limit:
            parts += [self.word("limit"), self.choose("10", "$9")]
        return self.space().join(parts) + self.choose("", ";", " ;\n-- done")


def other(meaning: Meaning, draw: st.DrawFn) -> Meaning:
    """A statement that does something else."""
    at, name = meaning.columns[0]
    changes = [
        replace(meaning, columns=((at, "other"), *meaning.columns[1:])),
        replace(meaning, columns=(*meaning.columns, (at, name))),
        replace(meaning, tables=("elsewhere", *meaning.tables[1:])),
        replace(meaning, limit=not meaning.limit),
        replace(meaning, exists=not meaning.exists),
        replace(meaning, conditions=(*meaning.conditions, (0, "extra", "="))),
        replace(meaning, order=(*meaning.order, (0, "extra", True))),
    ]
    if meaning.conditions:
        place = meaning.conditions[0][:2]
        changes.append(replace(meaning, conditions=((*place, ">"), *meaning.conditions[1:])))
    if meaning.order:
        *key, down = meaning.order[0]
        changes.append(replace(meaning, order=((*key, not down), *meaning.order[1:])))  # type: ignore[arg-type]
    return draw(st.sampled_from(changes))

"""Facts that are computed when a rule first asks for them, and then kept.

Most conditions are decided by their first fact, so most facts of most subjects are never asked for.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar, overload

import msgspec

T = TypeVar("T")


class LazyFacts:
    """The facts of one subject. A fact that cannot be computed is unknown, and `lost` is told why.

    `groups` are structures of facts that are computed together, by the method of that name, when one is asked for.
    """

    groups: ClassVar[dict[str, type[msgspec.Struct]]] = {}

    def __getattr__(self, name: str) -> Any:
        for method, structure in type(self).groups.items():
            if name in structure.__struct_fields__:
                try:
                    found: Mapping[str, Any] = getattr(self, method)()
                except Exception as exc:  # what is lost is unknown
                    self.lost(name, exc)
                    found = dict.fromkeys(structure.__struct_fields__)
                self.__dict__.update(found)
                return self.__dict__[name]
        raise AttributeError(name)

    def lost(self, name: str, error: Exception) -> None:
        """A fact could not be computed."""
        raise NotImplementedError


class LazyFact(Generic[T]):
    """A method that computes a fact, with what the reference says of it. Its annotation is the fact's type."""

    def __init__(self, compute: Callable[[Any], T], description: str, need: str | None, sql: bool) -> None:
        self.compute, self.description, self.need, self.sql = compute, description, need, sql
        self.annotation: Any = compute.__annotations__["return"]
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, subject: None, owner: type) -> "LazyFact[T]": ...

    @overload
    def __get__(self, subject: LazyFacts, owner: type) -> T: ...

    def __get__(self, subject: LazyFacts | None, owner: type) -> "LazyFact[T] | T":
        if subject is None:
            return self
        value: Any = None
        try:
            value = self.compute(subject)
        except Exception as exc:  # one fact of one object never ends a run
            subject.lost(self.name, exc)
        subject.__dict__[self.name] = value
        return value  # type: ignore[no-any-return]


def fact(
    description: str, *, need: str | None = None, sql: bool = False
) -> Callable[[Callable[[Any], T]], LazyFact[T]]:
    """Marks a method as a fact: its description, what must have been read for it, whether it is quoted for SQL."""
    return lambda compute: LazyFact(compute, description, need, sql)


def lazy_facts_of(structure: type[LazyFacts]) -> dict[str, LazyFact[Any]]:
    """The facts of a class by name, those of its bases first, in the order they are written."""
    return {
        name: item
        for part in reversed(structure.__mro__)
        for name, item in vars(part).items()
        if isinstance(item, LazyFact)
    }

"""The parts of a condition that must all hold, and the quick answer that the plain ones among them give.

`false && anything` is false, whatever is unknown on the other side. Most conditions begin with parts such as
`node.node_type == "Sort"`, and most subjects fail one of these: asking them first spares a call of the CEL library.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pgtune_cli.lint.tokens import Kind, Token, tokens

Guard = Callable[[object, Mapping[str, Any]], bool | None]
"""what a plain part says of facts and parameters; None when its fact is unknown."""


class Threshold(msgspec.Struct, frozen=True):
    """A numeric fact and the parameter or number that it is held against."""

    fact: str
    param: str | None = None
    number: float | None = None


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda item, items: item in items,
}  # fmt: skip


def conjuncts(text: str) -> list[str]:
    """The operands of the outermost `&&`; the whole text when its outermost operator is another one."""
    parts: list[str] = []
    depth, start = 0, 0
    for token in tokens(text):
        depth += (token.text in ("(", "[")) - (token.text in (")", "]")) if token.kind is Kind.OPERATOR else 0
        if depth == 0 and token.kind is Kind.OPERATOR and token.text in ("||", "?"):
            return [text.strip()]
        if depth == 0 and token.kind is Kind.OPERATOR and token.text == "&&":
            parts.append(text[start : token.start].strip())
            start = token.end
    return [*parts, text[start:].strip()]


def guard_of(text: str, variable: str) -> Guard | None:
    """The quick answer of one part: a fact compared with a constant, a parameter or a list, or a bool fact."""
    found = [token for token in tokens(text) if token.kind is not Kind.END]
    negated = bool(found) and found[0].text == "!"
    words = found[negated:]
    if len(words) < 3 or words[0].text != variable or words[1].text != "." or words[2].kind is not Kind.NAME:
        return None
    name, rest = words[2].text, words[3:]
    if not rest:
        return _switch(name, wanted=not negated)
    if negated or rest[0].text not in COMPARE:
        return None
    return _comparison(name, COMPARE[rest[0].text], rest[1:])


def pinned(text: str, variable: str, fact: str) -> tuple[str, ...] | None:
    """The only values of a fact with which a condition can hold; None where it takes any."""
    for part in conjuncts(text):
        words = [token for token in tokens(part) if token.kind is not Kind.END]
        value = _constant(words[4:]) if [word.text for word in words[:3]] == [variable, ".", fact] else None
        if value is not None and words[3].text in ("==", "in"):
            return (value,) if words[3].text == "==" else tuple(value)
    return None


def threshold_of(text: str, variable: str) -> Threshold | None:
    """What a part such as `node.rows >= params.min_rows` compares; None of any other part."""
    words = [token.text for token in tokens(text) if token.kind is not Kind.END]
    if len(words) < 5 or words[:2] != [variable, "."] or words[3] not in ("<", "<=", ">", ">="):
        return None
    if words[4:6] == ["params", "."] and len(words) == 7:
        return Threshold(words[2], param=words[6])
    number = _constant([token for token in tokens(text) if token.kind is not Kind.END][4:])
    return Threshold(words[2], number=number) if isinstance(number, float) else None


def _switch(name: str, *, wanted: bool) -> Guard:
    def holds(facts: object, _params: Mapping[str, Any]) -> bool | None:
        value = getattr(facts, name)
        return None if value is None else value is wanted

    return holds


def _comparison(name: str, compare: Callable[[Any, Any], bool], right: list[Token]) -> Guard | None:
    if len(right) == 3 and right[0].text == "params" and right[1].text == ".":
        param = right[2].text

        def against_param(facts: object, params: Mapping[str, Any]) -> bool | None:
            value = getattr(facts, name)
            return None if value is None else compare(value, params[param])

        return against_param
    constant = _constant(right)
    if constant is None:
        return None

    def against_constant(facts: object, _params: Mapping[str, Any]) -> bool | None:
        value = getattr(facts, name)
        return None if value is None else compare(value, constant)

    return against_constant


def _constant(right: list[Token]) -> Any:
    """A number, a string or a list of them; None for anything else."""
    if len(right) == 1:
        return _scalar(right[0])
    if len(right) > 2 and right[0].text == "[" and right[-1].text == "]":
        items, commas = right[1:-1:2], right[2:-1:2]
        values = [_scalar(item) for item in items]
        if all(comma.text == "," for comma in commas) and None not in values:
            return tuple(values)
    return None


def _scalar(token: Token) -> Any:
    if token.kind is Kind.NUMBER:
        return float(token.text)
    if token.kind is Kind.STRING and "\\" not in token.text:
        return token.text[1:-1]
    return None

"""Checks a CEL condition before it runs: known facts and parameters, right types, bounded work.

The CEL library gives no syntax tree, so the subset that rules may use is read here once, at load. What passes cannot
loop long (lists are facts or literals, two loops deep at most), cannot build large values (no string or list
arithmetic, no `map`) and reaches nothing but the subject's facts and the rule's parameters.
"""

from collections.abc import Iterable, Mapping

import msgspec

from pgtune_cli import errors
from pgtune_cli.lint.tokens import WRITTEN, ConditionError, Kind, Token, tokens
from pgtune_cli.lint.types import ELEMENT, LISTS, Fact, Type

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_LOOPS = 2
COMPARISONS = {"==", "!=", "<", "<=", ">", ">=", "in"}
STRING_METHODS = {"startsWith", "endsWith", "contains", "matches"}
LOOPS = {"exists", "all"}


class Checked(msgspec.Struct, frozen=True):
    """What a condition reads, and its text with every number written as the double that it is."""

    type: Type
    source: str
    facts: frozenset[str]
    params: frozenset[str]
    patterns: tuple[str, ...] = ()
    """string literals given to `matches`, quotes included."""


def check(text: str, variable: str, facts: Mapping[str, Fact], params: Mapping[str, Type]) -> Checked:
    """Read the condition of a rule whose subject is called `variable`. Raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"longer than {MAX_LENGTH} characters", 0)
    reader = _Reader(text, variable, facts, params)
    result = reader.ternary()
    reader.expect(Kind.END)
    return Checked(result, reader.source(), frozenset(reader.facts), frozenset(reader.params), tuple(reader.patterns))


def near(name: str, names: Iterable[object]) -> str:
    """` (did you mean 'x'?)`, or nothing."""
    close = errors.near(name, [str(item) for item in names])
    return f" (did you mean {close!r}?)" if close else ""


class _Reader:
    """Recursive descent over the tokens; each method returns the type of what it read."""

    def __init__(self, text: str, variable: str, facts: Mapping[str, Fact], params: Mapping[str, Type]) -> None:
        self.text, self.variable, self.known_facts, self.known_params = text, variable, facts, params
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.scope: dict[str, Type] = {}
        self.facts: set[str] = set()
        self.params: set[str] = set()
        self.patterns: list[str] = []
        self.insertions: list[tuple[int, str]] = []

    # tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def found(self, *texts: str) -> Token | None:
        if self.token.kind in (Kind.OPERATOR, Kind.NAME) and self.token.text in texts:
            return self.take()
        return None

    def expect(self, kind: Kind, text: str | None = None) -> Token:
        if self.token.kind is not kind or (text is not None and self.token.text != text):
            if self.token.text.lower() in WRITTEN:
                meant = WRITTEN[self.token.text.lower()]
                raise ConditionError(f"{self.token.text!r} is written {meant} here", self.token.start)
            wanted = text or ("the end" if kind is Kind.END else kind.value)
            raise ConditionError(f"expected {wanted}, found {self.token.text or 'the end'!r}", self.token.start)
        return self.take()

    def source(self) -> str:
        text = self.text
        for position, insertion in sorted(self.insertions, reverse=True):
            text = text[:position] + insertion + text[position:]
        return text

    def want(self, found: Type, wanted: Type, token: Token) -> None:
        if found is not wanted:
            raise ConditionError(f"{token.text!r} wants a {wanted}, found a {found}", token.start)

    # operators, loosest first

    def ternary(self) -> Type:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConditionError(f"nested deeper than {MAX_DEPTH}", self.token.start)
        result = self.logical("||")
        if question := self.found("?"):
            self.want(result, Type.BOOL, question)
            result = self.ternary()
            colon = self.expect(Kind.OPERATOR, ":")
            self.want(self.ternary(), result, colon)
        self.depth -= 1
        return result

    def logical(self, operator: str) -> Type:
        def operand() -> Type:
            return self.logical("&&") if operator == "||" else self.comparison()

        result = operand()
        while token := self.found(operator):
            self.want(result, Type.BOOL, token)
            self.want(operand(), Type.BOOL, token)
        return result

    def comparison(self) -> Type:
        left = self.arithmetic({"+", "-"})
        if token := self.found(*COMPARISONS):
            right = self.arithmetic({"+", "-"})
            self.compare(left, right, token)
            if again := self.found(*COMPARISONS):
                raise ConditionError("comparisons do not chain; join two with &&", again.start)
            return Type.BOOL
        return left

    def compare(self, left: Type, right: Type, token: Token) -> None:
        if token.text == "in":
            if ELEMENT.get(right) is not left:
                raise ConditionError(f"'in' wants a list of {left} at its right, found a {right}", token.start)
        elif left is not right:
            raise ConditionError(f"{token.text!r} compares a {left} with a {right}", token.start)
        elif token.text not in ("==", "!=") and left not in (Type.NUMBER, Type.STRING):
            raise ConditionError(f"{token.text!r} does not compare a {left}", token.start)

    def arithmetic(self, operators: set[str]) -> Type:
        def operand() -> Type:
            return self.arithmetic({"*", "/"}) if "+" in operators else self.unary()

        result = operand()
        while token := self.found(*operators):
            self.want(result, Type.NUMBER, token)
            self.want(operand(), Type.NUMBER, token)
        return result

    def unary(self) -> Type:
        token = self.found("!", "-")
        if token is None:
            return self.member()
        if self.token.text == token.text:
            raise ConditionError(f"{token.text!r} twice", self.token.start)
        wanted = Type.BOOL if token.text == "!" else Type.NUMBER
        self.want(self.member(), wanted, token)
        return wanted

    # what stands between operators

    def member(self) -> Type:
        result = self.primary()
        while self.found("."):
            name = self.expect(Kind.NAME)
            if name.text in LOOPS:
                result = self.loop(result, name)
            elif name.text in STRING_METHODS:
                result = self.string_method(result, name)
            else:
                known = [*LOOPS, *STRING_METHODS]
                raise ConditionError(f"a {result} has no {name.text!r}{near(name.text, known)}", name.start)
        return result

    def primary(self) -> Type:
        token = self.take()
        if token.kind is Kind.NUMBER:
            if token.text.isdigit():
                self.insertions.append((token.end, ".0"))
            return Type.NUMBER
        if token.kind is Kind.STRING:
            return Type.STRING
        if token.kind is Kind.NAME:
            return self.name(token)
        if token.text == "(":
            result = self.ternary()
            self.expect(Kind.OPERATOR, ")")
            return result
        if token.text == "[":
            return self.list_literal()
        raise ConditionError(f"{token.text or 'the end'!r} is not expected here", token.start)

    def name(self, token: Token) -> Type:
        if token.text in ("true", "false"):
            return Type.BOOL
        if token.text == "null":
            raise ConditionError("facts are not compared with null: use has(subject.fact)", token.start)
        if token.text in self.scope:
            return self.scope[token.text]
        if token.text == self.variable:
            return self.fact()
        if token.text == "params":
            return self.param()
        if token.text in ("has", "size") and self.found("("):
            return self.has() if token.text == "has" else self.size(token)
        if token.text.lower() in WRITTEN:
            raise ConditionError(f"{token.text!r} is written {WRITTEN[token.text.lower()]} here", token.start)
        known = [self.variable, "params", "has", "size", *self.scope]
        raise ConditionError(f"unknown name {token.text!r}{near(token.text, known)}", token.start)

    def fact(self) -> Type:
        self.expect(Kind.OPERATOR, ".")
        name = self.expect(Kind.NAME)
        if name.text not in self.known_facts:
            hint = near(name.text, self.known_facts)
            raise ConditionError(f"{self.variable} has no fact {name.text!r}{hint}", name.start)
        self.facts.add(name.text)
        return self.known_facts[name.text].type

    def param(self) -> Type:
        self.expect(Kind.OPERATOR, ".")
        name = self.expect(Kind.NAME)
        if name.text not in self.known_params:
            hint = near(name.text, self.known_params)
            raise ConditionError(f"params has no {name.text!r}{hint}", name.start)
        self.params.add(name.text)
        return self.known_params[name.text]

    def has(self) -> Type:
        self.expect(Kind.NAME, self.variable)
        self.fact()
        self.expect(Kind.OPERATOR, ")")
        return Type.BOOL

    def size(self, token: Token) -> Type:
        argument = self.ternary()
        if argument not in ELEMENT and argument is not Type.STRING:
            raise ConditionError(f"size() wants a list or a string, found a {argument}", token.start)
        closing = self.expect(Kind.OPERATOR, ")")
        self.insertions += [(token.start, "double("), (closing.end, ")")]
        return Type.NUMBER

    def list_literal(self) -> Type:
        types = [self.ternary()]
        while comma := self.found(","):
            types.append(self.ternary())
            self.want(types[-1], types[0], comma)
        closing = self.expect(Kind.OPERATOR, "]")
        if types[0] not in LISTS:
            raise ConditionError(f"a list holds strings or numbers, not a {types[0]}", closing.start)
        return LISTS[types[0]]

    def loop(self, target: Type, name: Token) -> Type:
        if target not in ELEMENT:
            raise ConditionError(f"{name.text}() wants a list, found a {target}", name.start)
        if len(self.scope) == MAX_LOOPS:
            raise ConditionError(f"more than {MAX_LOOPS} loops inside each other", name.start)
        self.expect(Kind.OPERATOR, "(")
        variable = self.expect(Kind.NAME)
        if variable.text in {self.variable, "params", "has", "size", "true", "false", "null", *self.scope}:
            raise ConditionError(f"{variable.text!r} has a meaning already", variable.start)
        self.expect(Kind.OPERATOR, ",")
        self.scope[variable.text] = ELEMENT[target]
        body = self.ternary()
        del self.scope[variable.text]
        closing = self.expect(Kind.OPERATOR, ")")
        self.want(body, Type.BOOL, closing)
        return Type.BOOL

    def string_method(self, target: Type, name: Token) -> Type:
        self.want(target, Type.STRING, name)
        self.expect(Kind.OPERATOR, "(")
        if name.text == "matches":
            self.patterns.append(self.expect(Kind.STRING).text)
        else:
            self.want(self.ternary(), Type.STRING, name)
        self.expect(Kind.OPERATOR, ")")
        return Type.BOOL

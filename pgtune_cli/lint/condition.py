"""A condition, ready to be asked about subjects.

Unknown facts are left out of what CEL is given. CEL then yields an error where the answer depends on one, and `false &&
unknown` stays false as `true || unknown` stays true: exactly three-valued logic. `has(node.fact)` asks whether a fact
is known and may guard the rest.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from pgtune_cli.lint.check import Checked, check
from pgtune_cli.lint.conjuncts import Guard, conjuncts, guard_of
from pgtune_cli.lint.evaluator import cel
from pgtune_cli.lint.tokens import ConditionError
from pgtune_cli.lint.types import Fact, Type, plain


class Unknown(Exception):
    """The condition depends on a fact that is not known."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class ConditionFailed(Exception):
    """The condition could not be computed, for instance because it divides zero by zero."""


class Condition(msgspec.Struct, frozen=True):
    """A compiled CEL condition over the facts of one subject."""

    text: str
    variable: str
    checked: Checked
    program: Any
    guards: tuple[Guard, ...] = ()
    """quick answers of its plain parts, each of which must hold."""
    only_guards: bool = False
    """it has no other parts."""

    def ruled_out(self, facts: object, params: Mapping[str, Any]) -> bool:
        """Whether one of its plain parts is false already. Asks for no more facts than it takes to know."""
        for guard in self.guards:  # noqa: SIM110  any() costs more than most guards do
            if guard(facts, params) is False:
                return True
        return False

    def holds(self, facts: object, params: Mapping[str, Any]) -> bool:
        """Whether it holds. Raises Unknown or ConditionFailed."""
        if self.ruled_out(facts, params):
            return False
        if self.only_guards and all(guard(facts, params) for guard in self.guards):
            return True
        known = {name: value for name in self.checked.facts if (value := getattr(facts, name)) is not None}
        context = {self.variable: {name: plain(value) for name, value in known.items()}, "params": params}
        try:
            return bool(self.program.execute(context))
        except KeyError as exc:
            raise Unknown(str(exc.args[0])) from None
        except Exception as exc:  # the library raises plain TypeError, RuntimeError, OverflowError, ZeroDivisionError
            raise ConditionFailed(f"the condition could not be computed: {exc}") from exc


def compile_condition(text: str, variable: str, facts: Mapping[str, Fact], params: Mapping[str, Type]) -> Condition:
    """Check and compile a boolean condition. Raises ConditionError."""
    checked = check(text, variable, facts, params)
    if checked.type is not Type.BOOL:
        raise ConditionError(f"yields a {checked.type}, not a bool", 0)
    try:
        for pattern in checked.patterns:
            cel.evaluate(f'"".matches({pattern})')
        program = cel.compile(checked.source)
    except (RuntimeError, ValueError) as exc:
        raise ConditionError(str(exc).splitlines()[0], 0) from exc
    parts = conjuncts(text)
    guards = tuple(guard for part in parts if (guard := guard_of(part, variable)) is not None)
    return Condition(text, variable, checked, program, guards, len(guards) == len(parts))

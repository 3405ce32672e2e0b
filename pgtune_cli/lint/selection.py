"""Which rules run."""

from collections.abc import Iterable, Sequence

from pgtune_cli.errors import UsageError
from pgtune_cli.lint.check import near
from pgtune_cli.lint.rule import Rule


def select_rules(rules: Iterable[Rule], select: Sequence[str], ignore: Sequence[str]) -> list[Rule]:
    """The selected rules (all without a selection) that are not ignored; ids, areas or names in any case.

    Raises UsageError for a selector that names no rule.
    """
    known = list(rules)
    for selector in (*select, *ignore):
        if not any(matches(rule, selector) for rule in known):
            names = [name for rule in known for name in (rule.id, rule.name, rule.area)]
            raise UsageError(f"no rule {selector!r}{near(selector, names)}", "`pgtune rules list` prints them")
    chosen = [rule for rule in known if not select or any(matches(rule, item) for item in select)]
    return [rule for rule in chosen if not any(matches(rule, item) for item in ignore)]


def matches(rule: Rule, selector: str) -> bool:
    """Whether a selector (id, area or name, in any case) means the rule."""
    return selector.upper() in (rule.id, rule.area) or selector.lower() == rule.name

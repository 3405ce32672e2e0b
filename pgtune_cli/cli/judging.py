"""Findings: the rules that were chosen, asked about everything that was analysed."""

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from pgtune_cli.cli.analysis_options import AnalyzeOptions
from pgtune_cli.cli.console import Notes
from pgtune_cli.model.analysis import Analysis, Objectives

if TYPE_CHECKING:
    from pgtune_cli.cli.assemble import Judged
    from pgtune_cli.lint.rule import Rule
    from pgtune_cli.settings import Settings


def chosen_rules(options: AnalyzeOptions, settings: "Settings") -> tuple["Rule", ...]:
    """The rules to judge by.

    Raises:
        UsageError: a rule that cannot be read, or a selector that names none.
    """
    from pgtune_cli.lint.adjust import adjust
    from pgtune_cli.lint.loader import load_rules
    from pgtune_cli.lint.selection import select_rules

    loaded = load_rules((*settings.rules_paths, *options.rule_dirs))
    rules = adjust(loaded, settings.rules.params, settings.rules.severity)
    select = options.select or settings.rules.select
    return tuple(select_rules(rules, select, (*settings.rules.ignore, *options.ignore)))


def judge(
    analysis: Analysis, rules: "tuple[Rule, ...]", options: AnalyzeOptions, settings: "Settings", notes: Notes
) -> "Judged":
    """What the rules say, without what was accepted; expired suppressions are told."""
    from pgtune_cli.cli.assemble import Judged
    from pgtune_cli.lint.engine import evaluate
    from pgtune_cli.lint.near_misses import near_misses
    from pgtune_cli.lint.suppress import suppress

    found, skipped = evaluate(rules, with_objectives(analysis, settings))
    findings, suppressed, wrong = suppress(found, settings.suppress, analysis.statements, rules, date.today())
    for item in suppressed:
        if item.state == "expired":
            named = " ".join(part for part in (item.rule, item.relation, item.statement) if part)
            notes.note(f"the suppression of {named} ({item.reason}; {item.author}) expired on {item.expires}")
    missed = near_misses(rules, analysis) if options.show_near_misses else ()
    return Judged(findings, skipped + wrong, suppressed, missed)


def with_objectives(analysis: Analysis, settings: "Settings") -> Analysis:
    """The analysis with what the configuration wants of the workload."""
    goals = settings.objectives
    return msgspec.structs.replace(
        analysis,
        objectives=Objectives(
            fast_ms=goals.fast_ms,
            fast_share=goals.fast_share,
            cache_hit_ratio=goals.cache_hit_ratio,
            calls_per_second=goals.calls_per_second,
        ),
    )

"""What changed in the code that a statement runs. It can make a statement slow although it touches no block more."""

from collections.abc import Iterator

from pgtune_cli.model.comparison import Baseline, BaselineStatement, TableState


def code_changes(old: BaselineStatement, new: BaselineStatement, before: Baseline, after: Baseline) -> Iterator[str]:
    """Functions, triggers, policies, views, constraints, types of columns. Nothing where one side does not know."""
    yield from _functions(old, new, before, after)
    for name in sorted({*old.tables} & {*new.tables}):
        then, now = before.tables.get(name), after.tables.get(name)
        if then is not None and now is not None:
            yield from definitions_changed(name, then, now, same_major(before, after))
            yield from columns_retyped(name, then, now)


def _functions(old: BaselineStatement, new: BaselineStatement, before: Baseline, after: Baseline) -> Iterator[str]:
    if before.functions is None or after.functions is None:
        return
    then, now = set(old.functions), set(new.functions)
    for name in sorted(then & now & changed_functions(before, after)):
        yield f"function {name} was changed"
    for name in sorted(now - then):
        yield f"it now calls function {name}"
    for name in sorted(then - now):
        yield f"it no longer calls function {name}"


def changed_functions(before: Baseline, after: Baseline) -> frozenset[str]:
    """Those that both have, with another definition. Another major may only write them otherwise."""
    then, now = before.functions or {}, after.functions or {}
    if not same_major(before, after):
        return frozenset()
    return frozenset(name for name in then.keys() & now.keys() if then[name] != now[name])


def definitions_changed(name: str, then: TableState, now: TableState, same_major: bool) -> Iterator[str]:
    """`same_major`: another one writes definitions otherwise, so that only what came and went is told."""
    if then.code is None or now.code is None:
        return
    for key in sorted(then.code.keys() | now.code.keys()):
        said = f"view {name}" if key == "query" else f"{key} on {name}"
        if key not in now.code:
            yield f"{said} is gone"
        elif key not in then.code:
            yield f"{said} is new"
        elif then.code[key] != now.code[key] and same_major:
            yield f"{said} was changed"


def columns_retyped(name: str, then: TableState, now: TableState) -> Iterator[str]:
    for column in sorted(then.columns.keys() & now.columns.keys()):
        if then.columns[column] != now.columns[column]:
            yield f"column {name}.{column} was {then.columns[column]}, is {now.columns[column]}"


def same_major(before: Baseline, after: Baseline) -> bool:
    return major(before) is not None and major(before) == major(after)


def major(run: Baseline) -> int | None:
    """None in a baseline that was made without a server."""
    return run.server_version_num // 10_000 if run.server_version_num else None

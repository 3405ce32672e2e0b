"""May a statement be planned, may it be executed? Fail closed: what is not proven harmless is not run.

READ ONLY is no fence: pg_sleep, advisory locks, pg_notify, dblink, replication slots and EXPLAIN ANALYZE CREATE TABLE
AS get through it. Nor is plain EXPLAIN: the planner calls functions labelled immutable or stable to fold constants.
So both are asked of the text (and of the views, policies, rules, domains and defaults it brings along) before any
EXPLAIN, and execution again of the plan, where inlined bodies and `row.function` show.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from pgtune_cli.explain.calls import Call, Named, named
from pgtune_cli.explain.code_catalog import CodeCatalog, HiddenExpression
from pgtune_cli.explain.derive import indexes_used, relations_used, walk
from pgtune_cli.explain.known_code import is_effectful
from pgtune_cli.explain.type_values import base_name
from pgtune_cli.model.catalog import Catalog, RelationName
from pgtune_cli.model.plan import Plan, PlanNode
from pgtune_cli.sql.lex import Token, TruncatedText, tokens
from pgtune_cli.sql.quote import quote_identifier

READS = {"select", "with", "values", "table"}
WRITES = {"insert", "update", "delete", "merge"}
REFUSED_NODES = {
    "ModifyTable": "it writes",
    "LockRows": "it locks rows",
    "Foreign Scan": "it reads a foreign server",
    "Custom Scan": "an extension executes a part of it",
}
SAMPLING = {"bernoulli", "system", "system_rows", "system_time"}
ITSELF = "its text"
UNREADABLE = "a name in it is not certain (Unicode escapes, or over 63 bytes)"
TRUST = "--trust-functions allows it"


def may_plan(sql: str, types: Sequence[str], code: CodeCatalog, *, trust_functions: bool = False) -> str | None:
    """Why plain EXPLAIN could run something; None where it cannot. `types` are those of the parameters."""
    brought = list(_brought_along(sql, code))
    flat = not any(one.kind in ("view", "virtual") for one in brought)
    typeless = [one for one in brought if one.kind not in ("type", "of_type")]
    if flat and not any(
        one.named is not None and (one.named.makes_values or one.named.selects > 1) for one in typeless
    ):
        # no value of a column's own type is made or compared then
        brought = typeless
    involved = _involved(brought, types)
    for one in brought:
        if one.kind == "code":
            return f"planning it calls {one.text}() ({one.what})"
        if one.named is None:
            return f"{one.what} cannot be read"
        if one.what.startswith("domain "):
            # constants and values are read before anything is planned, and that runs the checks of their domains
            reason = _refused_code(one.named, involved, code, trust_functions)
        else:
            certain = flat and one.named.selects <= 1 and not one.named.reads_function and one.kind != "body"
            reason = _planned_code(one.named, involved, code, trust_functions, certain)
        if reason is not None:
            return reason if one.what == ITSELF else f"{reason} ({one.what})"
    return None


def may_execute_text(sql: str, types: Sequence[str], code: CodeCatalog, *, trust_functions: bool = False) -> str | None:
    """Why the text must not be executed; None where nothing in it speaks against it."""
    try:
        reason = _not_a_read(tokens(sql))
    except TruncatedText:
        return "its text cannot be read"
    if reason is not None:
        return reason
    if not code.complete:
        return "the views and policies of the database could not all be read"
    brought = list(_brought_along(sql, code))
    involved = _involved(brought, types)
    reason = _refused_type(involved, code)
    if reason is not None:
        return reason
    for one in brought:
        if one.kind in ("fold", "body", "code"):
            continue
        if one.named is None:
            return f"{one.what} cannot be read"
        reason = _refused_code(one.named, involved, code, trust_functions)
        if reason is not None:
            return reason if one.what == ITSELF else f"{reason} ({one.what})"
    return None


def may_execute_plan(plan: Plan, catalog: Catalog, code: CodeCatalog, *, trust_functions: bool = False) -> str | None:
    """Why the plan must not be executed. `plan` was made with VERBOSE and still has its literals."""
    for placed in walk(plan):
        reason = _refused_node(placed.node, code, trust_functions)
        if reason is not None:
            return reason
    index = next((index for index in sorted(indexes_used(plan)) if index in code.indexes), None)
    if index is not None:
        return f"index {index} compares by a function of the database's own"
    columns = {base_name(name).removesuffix("[]") for name in _column_types(relations_used(plan), catalog)}
    return _refused_type(columns, code)


def _brought_along(sql: str, code: CodeCatalog) -> Iterator[HiddenExpression]:
    """The statement itself, then every view, policy, rule, domain, function and so on that it brings along."""
    try:
        found = tokens(sql)
    except TruncatedText:
        yield HiddenExpression(ITSELF, "read", None)
        return
    first = named(found)
    yield HiddenExpression(ITSELF, "read", first, sql)
    writes = bool(WRITES & {token.word for token in found})
    seen: set[str] = set()
    waiting = set(first.names)
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for one in code.hidden.get(name, ()):
            if writes or one.kind != "write":
                yield one
                waiting |= (one.named.names if one.named is not None else frozenset()) - seen


def _involved(brought: Iterable[HiddenExpression], types: Sequence[str]) -> frozenset[str]:
    """Names of the types that may be in play: of parameters, columns, and all that is named somewhere."""
    names = {base_name(name).removesuffix("[]") for name in types}
    for one in brought:
        names |= one.named.names if one.named is not None else frozenset()
    return frozenset(names)


def _not_a_read(found: Sequence[Token]) -> str | None:
    """By the tokens alone: a SELECT that writes nothing, locks nothing and makes no table."""
    first = next((token.word for token in found if token.text != "("), "")
    if first not in READS:
        return f"it is {'an' if first[:1] in 'aeiou' else 'a'} {first.upper()}" if first in WRITES else "it is no query"
    for before, token in pairwise(found):
        if before.text in {"(", ")"} and token.word in WRITES:
            return "it writes"
        if token.word == "into":
            return "it makes a table (INTO)"
        if before.word == "for" and token.word in {"update", "share", "no", "key"}:
            return "it locks rows"
    return None


def _planned_code(names: Named, involved: frozenset[str], code: CodeCatalog, trust: bool, certain: bool) -> str | None:
    """A call that the planner may make: of constants, and of what may become one where columns are not `certain`."""
    if names.unreadable:
        return UNREADABLE
    for call in names.calls:
        if _may_fold(call, code, certain) and not _trusted(call.name, code, trust):
            return f"planning it may call {call.name}()" + _advice(call.name, code)
    applied = _applied(names, code)
    if applied is not None and not _trusted(applied, code, trust):
        return f"planning it may call {applied}()" + _advice(applied, code)
    operator = _owned_operator(names, involved, code)
    if operator is not None and not (trust and not code.operators[operator].volatile):
        # of columns too: how many rows it leaves is estimated by calling it with the most common values
        return f"planning it may call the function of operator {operator}" + _operator_advice(operator, code)
    return _refused_type(involved, code)


def _may_fold(call: Call, code: CodeCatalog, certain: bool) -> bool:
    function = code.functions.get(call.name)
    if function is not None and function.owned_planned:
        return True
    if not code.runs_at_plan_time(call.name):
        return False
    return call.constant or not certain or not all(code.is_transparent(name) for name in call.through)


def _refused_code(names: Named, involved: frozenset[str], code: CodeCatalog, trust: bool) -> str | None:
    if names.unreadable:
        return UNREADABLE
    for call in names.calls:
        if not code.may_be_called(call.name) and not _trusted(call.name, code, trust):
            return f"it calls {call.name}()" + _advice(call.name, code)
    applied = _applied(names, code)
    if applied is not None and not _trusted(applied, code, trust):
        return f"it calls {applied}()" + _advice(applied, code)
    operator = _owned_operator(names, involved, code)
    if operator is not None and not (trust and not code.operators[operator].volatile):
        return f"operator {operator} calls a function of the database's own" + _operator_advice(operator, code)
    return _refused_type(involved, code)


def _refused_node(node: PlanNode, code: CodeCatalog, trust: bool) -> str | None:
    if node.node_type in REFUSED_NODES:
        return REFUSED_NODES[node.node_type]
    method = node.extra.get("Sampling Method")
    if method is not None and method not in SAMPLING:
        return "it samples by an extension's method"
    for text in _node_texts(node):
        try:
            read = named(tokens(text))
            reason = _refused_code(read, read.names, code, trust)
        except TruncatedText:
            reason = "an expression of its plan cannot be read"
        if reason is not None:
            return reason
    return None


def _node_texts(node: PlanNode) -> Iterator[str]:
    conditions = (
        node.filter, node.index_cond, node.recheck_cond, node.hash_cond, node.merge_cond, node.join_filter,
    )  # fmt: skip
    yield from (text for text in conditions if text)
    yield from (*node.sort_key, *node.presorted_key, *node.group_key, *node.output)
    if node.function_name is not None:
        yield f"{quote_identifier(node.function_name)}()"
    yield from _strings(list(node.extra.values()))


def _strings(values: list[object]) -> Iterator[str]:
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()


def _trusted(name: str, code: CodeCatalog, trust: bool) -> bool:
    """The user vouches for functions of the database's own that are not volatile, in any overload."""
    function = code.functions.get(name)
    return trust and function is not None and function.owned and not function.volatile and not is_effectful(name)


def _advice(name: str, code: CodeCatalog) -> str:
    function = code.functions[name]
    if function.owned and function.volatile:
        return ", a volatile function of the database's own"
    if function.owned and not is_effectful(name):
        return f", a function of the database's own; {TRUST}"
    return ", which may do more than compute"


def _operator_advice(operator: str, code: CodeCatalog) -> str:
    return ", and it is volatile" if code.operators[operator].volatile else f"; {TRUST}"


def _applied(names: Named, code: CodeCatalog) -> str | None:
    """A refused function that is called without parentheses: `row.function`, `(1).function`."""
    for name in sorted(names.attributes | names.applied):
        function = code.functions.get(name)
        if function is None or code.may_be_called(name):
            continue
        if function.owned_takes_row or (name in names.applied and (function.owned_takes_one or not function.owned)):
            return name
    return None


def _owned_operator(names: Named, involved: frozenset[str], code: CodeCatalog) -> str | None:
    """An operator of the database's own; where PostgreSQL has its name too, only if its types are in play."""
    for symbol in sorted(names.operators & code.operators.keys()):
        operator = code.operators[symbol]
        if not operator.shadows or operator.builtin_types or operator.types & involved:
            return symbol
    return None


def _refused_type(involved: Iterable[str], code: CodeCatalog) -> str | None:
    names = set(involved)
    for one in code.types:
        if one.always or one.name in names or one.array_name in names:
            return f"type {one.name} runs code of the database's own ({one.what})"
    return None


def _column_types(relations: Iterable[RelationName], catalog: Catalog) -> Iterator[str]:
    for name in relations:
        relation = catalog.relation(name)
        yield from (column.type for column in relation.columns) if relation is not None else ()

"""Values for what is compared with a JSON document: a key, the value of a path, a part of it, a path."""

from collections.abc import Sequence

from pgtune_cli.explain.pg_array import array_literal
from pgtune_cli.explain.text_values import json_key, json_part, json_path_value
from pgtune_cli.explain.type_values import TypeKind, fitted, kind_of
from pgtune_cli.model.catalog import Catalog
from pgtune_cli.sql.shape_types import ParameterUse, PredicateKind, Use

JSON_STEPS = {"->", "->>", "#>", "#>>"}


Known = Sequence[tuple[str, float]]
"""documents of the column, each with its part of the rows."""


def document_value(
    use: ParameterUse,
    document: str | None,
    kind: str,
    catalog: Catalog,
    known: Known = (),
    fraction: float | None = None,
) -> str | None:
    """From one document of the column; None where it does not tell. `fraction` of the rows is what came back a call."""
    if document is None:
        return None
    asks_key = use.kind is PredicateKind.EXISTS_KEY or (use.use is Use.DERIVED and use.operator in JSON_STEPS)
    if kind == "jsonpath":
        return _path(document)
    if kind_of(kind, catalog) is TypeKind.JSON:
        if use.kind is PredicateKind.CONTAINS:
            return json_part(document, known, fraction)
        return _of_path(use, document, kind, catalog)
    if not asks_key and use.expression is not None:
        return _of_path(use, document, kind, catalog)
    key = json_key(document, use.place)
    return array_literal([key]) if key is not None and kind.endswith("[]") else key


def _of_path(use: ParameterUse, document: str, kind: str, catalog: Catalog) -> str | None:
    if use.expression is None or use.use is Use.DERIVED:
        return document
    json = kind_of(kind, catalog) is TypeKind.JSON
    found = json_path_value(document, use.expression, as_json=json)
    if found is None:
        return document if json else None
    return found if json else fitted(found, "text" if kind == "text" else kind, kind, catalog)


def _path(document: str) -> str | None:
    """That its first key is there; what the application's path looked for is not known."""
    key = json_key(document, 0)
    if key is None:
        return None
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'

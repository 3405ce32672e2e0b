"""The JSON forms: stable keys, sorted, raw units, no timestamps."""

import json
from typing import Any

import msgspec


def to_json(value: Any) -> str:
    """Any of the model's structures as indented JSON with sorted keys, ending in a newline."""
    return json.dumps(_rounded(msgspec.to_builtins(value)), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _rounded(value: Any) -> Any:
    # six decimals: below that sums of floats differ between machines and nobody reads it
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value

"""The evaluator of CEL alone.

The package's own `__init__` imports its command line too, and with it prompt_toolkit: 0.15 s of each start of pgtune.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

NAME = "cel.cel"


def _evaluator() -> Any:
    if NAME in sys.modules:
        return sys.modules[NAME]
    package = find_spec("cel")
    spec = PathFinder.find_spec(NAME, package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:  # laid out another way
        import cel

        return cel
    module = sys.modules[NAME] = module_from_spec(spec)  # it can be made only once: later imports are to find it
    spec.loader.exec_module(module)
    return module


cel = _evaluator()

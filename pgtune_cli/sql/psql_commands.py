"""The lines of a script that are meant for psql: what begins with a backslash outside of strings and comments."""

import re

from pgtune_cli.sql.lex import next_backslash

_NAME = re.compile(r"\\(?:[\w!?+]+|.)")
_LINE_END = re.compile(r"[\r\n]|\Z")
_ENDS_STATEMENT = re.compile(r"\\(?:g\w*|watch|crosstabview|bind_named|sendpipeline|[.;])\Z")
"""they send what was typed so far; a backslash and a dot end the data of COPY"""


def without_commands(script: str) -> tuple[str, list[tuple[str, int]]]:
    """The script with spaces in their place, so that all else stays where it is; each by its name and offset."""
    found: list[tuple[str, int]] = []
    kept: list[str] = []
    done = 0
    while (start := next_backslash(script, done)) is not None:
        match = _NAME.match(script, start)
        name = match[0] if match else "\\"
        line = _LINE_END.search(script, start)
        end = start + len(name) if name == "\\;" else line.start() if line else len(script)
        blank = (";" if _ENDS_STATEMENT.match(name) else "").ljust(end - start)
        kept += [script[done:start], blank]
        found += [] if name == "\\;" else [(name, start)]
        done = end
    return "".join((*kept, script[done:])), found

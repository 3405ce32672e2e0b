"""tests/cases/safety.sql: a database full of traps, statements that must never run, and statements that must."""

import re
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "cases" / "safety.sql"
HEAD = re.compile(r"^-- (setup|dangerous|harmless)(?: (\d+)\+)?(?:: (.+))?$", re.MULTILINE)


class SafetyCases:
    """Of one major; `filled` are the words in braces. `dangerous` and `harmless` are texts by name."""

    def __init__(self, major: int, **filled: str) -> None:
        self.setup: list[str] = []
        self.dangerous: dict[str, str] = {}
        self.harmless: dict[str, str] = {}
        text = FILE.read_text(encoding="utf-8")
        heads = list(HEAD.finditer(text))
        for head, after in zip(heads, [*heads[1:], None], strict=True):
            if int(head[2] or 0) > major:
                continue
            body = text[head.end() : after.start() if after is not None else len(text)].strip()
            for word, value in filled.items():
                body = body.replace(f"{{{word}}}", value)
            if head[1] == "setup":
                self.setup += [command.removesuffix(";") for command in body.split(";\n")]
            else:
                cases = self.dangerous if head[1] == "dangerous" else self.harmless
                assert head[3] not in cases, f"two cases are called {head[3]}"
                cases[head[3]] = body.removesuffix(";")

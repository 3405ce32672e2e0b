"""PGOPTIONS (`-c work_mem=64MB --geqo=off`): settings that pgtune SETs, as poolers refuse them at start-up."""

import re

_WORD = re.compile(r"(?:[^\s\\]|\\.)+", re.DOTALL)
_SETTING = re.compile(r"([A-Za-z_][\w.-]*)=(.*)", re.DOTALL)


def split_options(text: str) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """(settings to SET, the rest as it was written, to be sent at start-up; None when nothing is left).

    The rest is what is no setting: Neon's `endpoint=…`, or switches such as `-e`.
    """
    words = [re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL) for word in _WORD.findall(text)]
    settings: list[tuple[str, str]] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "-c" and at + 1 < len(words):
            at += 1
            setting = words[at]
        elif word.startswith(("--", "-c")):
            setting = word[2:]
        else:
            setting = ""
        match = _SETTING.fullmatch(setting)
        if match:
            settings.append((match[1].replace("-", "_"), match[2]))
        else:
            rest.append(re.sub(r"([\s\\])", r"\\\1", word))
        at += 1
    return tuple(settings), " ".join(rest) or None

"""What the command-line parser refuses, told like every other mistake: what, and what was probably meant."""

from typing import Any

import typer

from pgtune_cli.errors import near_hint


def is_help(exc: typer.TyperException) -> bool:
    """No argument was given where one is needed: the help was printed in place of an error."""
    return type(exc).__name__ == "NoArgsIsHelpError"


def explained(exc: typer.TyperException) -> tuple[str, str]:
    """Message and hint."""
    message = str(getattr(exc, "message", exc)) if hasattr(exc, "possibilities") else exc.format_message()
    message, _, meant = message.partition(" Did you mean ")
    message = message[:1].lower() + message[1:].rstrip(".")
    context = getattr(exc, "ctx", None)
    listed = f"{context.command_path if context else 'pgtune'} --help shows what there is, with examples"
    if meant:
        return message, f"did you mean {meant.replace(chr(39), '').rstrip('?')}?"
    option = getattr(exc, "option_name", None)
    return message, (near_hint(option, _options(context)) if option else None) or listed


def _options(context: Any) -> list[str]:
    """All option names of the command that was called."""
    parameters = context.command.get_params(context) if context else ()
    return [name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts) if name[0] == "-"]

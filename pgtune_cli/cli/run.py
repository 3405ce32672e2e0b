"""The one event loop. Ctrl-C, SIGTERM and a closed terminal cancel what runs: servers stop, queries are cancelled."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end.

    Raises:
        KeyboardInterrupt: after Ctrl-C, SIGTERM or SIGHUP, when everything is cleaned up.
    """

    async def interruptible() -> T:
        task = asyncio.current_task()
        terminated = False

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            assert task is not None
            task.cancel()

        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
            # under nohup it is ignored, and stays so
            if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, terminate)
        try:
            return await main
        except asyncio.CancelledError:
            if terminated:
                raise KeyboardInterrupt from None
            raise

    try:
        return asyncio.run(interruptible())
    except KeyboardInterrupt:
        # typer ends the program with 130, and without a word
        print("pgtune: interrupted", file=sys.stderr)  # noqa: T201
        raise

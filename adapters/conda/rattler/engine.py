"""Solves and installs conda packages with py-rattler, for one request.

The request is one JSON object on stdin; every line of stdout is one JSON object with an "event":
"line" (progress), then one of "solved", "installed" or "failed". The exit code says nothing.
"""

import asyncio
import json
import os
import sys
from typing import Any

from events import emit


def version() -> str:
    from importlib.metadata import version as installed

    return installed("py-rattler")


async def answer(request: dict[str, Any]) -> dict[str, Any]:
    action = request["action"]
    if action == "version":
        return {"event": "version", "version": version()}
    # Loading the extension module takes most of a short run, and asking for the version does without it.
    if action == "solve":
        from solving import solve

        return await solve(request)
    from installing import install

    return await install(request)


def main() -> None:
    try:
        event = asyncio.run(answer(json.load(sys.stdin)))
    except Exception as error:
        event = {"event": "failed", "kind": type(error).__name__, "text": str(error)}
    emit(event)
    # The extension module can crash while the interpreter shuts down, after all work is done.
    os._exit(0)


main()

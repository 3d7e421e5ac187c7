"""Everything the channel holds, put together."""

from pathlib import Path
from typing import Callable

from catalogue import LARGE, NEWEST, OLDER
from file_demos import file_demos
from interpreter import (python_abi_recipe, python_recipe,
                         stage_interpreter)
from prefix_demos import prefix_demos
from python_demos import python_demos
from recipe import Recipe
from script_demos import script_demos
from solver_demos import solver_demos
from target import Target
from wheel_download import Download
from wheel_recipe import wheel_recipe


def recipes_of(target: Target, work: Path, stamp: str, large: bool,
               log: Callable[[str], None]) -> list[Recipe]:
    """All recipes; wheels and the copied interpreter stay in `work`."""
    stage = work / 'python'
    stage.mkdir()
    newest = (*NEWEST, *(LARGE if large else ()))
    # pip takes one version of a name at a time.
    downloads = [Download(newest, work / 'newest'),
                 Download(OLDER, work / 'older')]
    try:
        stage_interpreter(target, stage)
        log(f'copied CPython {target.version}')
        found = [wheel for part in downloads for wheel in part.wheels(log)]
    finally:
        for part in downloads:
            part.stop()
    # The largest first, so that the last one to end is a small one.
    found.sort(key=lambda wheel: -wheel.stat().st_size)
    return [
        python_recipe(target, stage, stamp),
        *(wheel_recipe(wheel, target) for wheel in found),
        python_abi_recipe(target),
        *file_demos(), *prefix_demos(target), *python_demos(target),
        *script_demos(), *solver_demos(),
    ]

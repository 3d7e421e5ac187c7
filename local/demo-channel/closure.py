"""No package may ask for one that the channel lacks, but for the demos."""

from failure import MakeError
from recipe import Recipe


def check_closure(recipes: list[Recipe]) -> None:
    """MakeError naming the first dependency that is not in the channel."""
    names = {recipe.name for recipe in recipes}
    for recipe in recipes:
        if 'missing-dependency' in recipe.shows:
            continue
        for depend in recipe.depends:
            name = depend.split()[0]
            if name not in names and not name.startswith('__'):
                raise MakeError(
                    f'{recipe.name} {recipe.version} needs {name}, which is '
                    'not in the channel: add it to catalogue.py.')

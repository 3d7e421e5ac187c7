"""Packages without much inside that give a solver something to decide."""

from recipe import Recipe, text_file


def solver_demos() -> list[Recipe]:
    """Choices, conflicts, and requirements that nothing can meet."""
    return [
        *(_empty('demo-choice', version, shows=('versions',))
          for version in ('1.0', '1.5', '2.0')),
        # A newer build of the same version wins over an older one.
        _empty('demo-choice', '2.0', number=1, shows=('versions',)),
        _empty('demo-conflict-a', depends=('demo-choice 1.*',),
               shows=('conflict',)),
        _empty('demo-conflict-b', depends=('demo-choice 2.*',),
               shows=('conflict',)),
        _empty('demo-constrains', constrains=('demo-choice <2',),
               shows=('constrains',)),
        _empty('demo-missing', depends=('demo-does-not-exist >=1',),
               shows=('missing-dependency',)),
        _empty('demo-old-python', depends=('python >=2.7,<3',),
               shows=('old-python-only',)),
        _empty('demo-cuda', depends=('__cuda >=12',),
               shows=('virtual-package',)),
    ]


def _empty(name: str, version: str = '1.0', number: int = 0,
           depends: tuple[str, ...] = (), constrains: tuple[str, ...] = (),
           shows: tuple[str, ...] = ()) -> Recipe:
    content = f'{name} {version} {number}\n'
    return Recipe(
        name=name, version=version, build=f'h0_{number}',
        build_number=number, noarch='generic', depends=depends,
        constrains=constrains, shows=shows,
        summary='Shows how solvers decide',
        members=lambda: (text_file(f'share/demo/{name}.txt', content),))

"""Packages with scripts: run on activation, and after linking."""

from recipe import Recipe, text_file

WORKS = '''\
#!/bin/sh
mkdir -p "$PREFIX/share/demo-post-link"
echo "$PKG_NAME $PKG_VERSION in $PREFIX" > \
"$PREFIX/share/demo-post-link/written.txt"
'''
FAILS = '''\
#!/bin/sh
echo "demo-post-link-fails: this script always fails" >&2
exit 3
'''


def script_demos() -> list[Recipe]:
    """Activation scripts, a link script that works and one that fails."""
    return [
        Recipe(
            name='demo-activate', version='1.0', build='h0_0',
            noarch='generic', summary='Sets DEMO_ACTIVATE while active',
            shows=('activate.d',),
            members=lambda: (
                text_file('etc/conda/activate.d/demo-activate.sh',
                          'export DEMO_ACTIVATE="$CONDA_PREFIX"\n'),
                text_file('etc/conda/deactivate.d/demo-activate.sh',
                          'unset DEMO_ACTIVATE\n'))),
        _post_link('demo-post-link', WORKS, 'post-link-works'),
        _post_link('demo-post-link-fails', FAILS, 'post-link-fails'),
    ]


def _post_link(name: str, script: str, shows: str) -> Recipe:
    return Recipe(
        name=name, version='1.0', build='h0_0', noarch='generic',
        summary='Runs a script after it was linked', shows=(shows,),
        members=lambda: (
            text_file(f'bin/.{name}-post-link.sh', script, 0o755),
            text_file(f'share/{name}/readme.txt', f'{name}\n')))

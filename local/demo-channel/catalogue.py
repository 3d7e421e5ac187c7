"""Which real libraries the channel takes from the package index.

Ranges, not pins, as five versions of Python must each find a wheel; upper
bounds keep the edges between them as they are known to fit.
"""

NEWEST = (
    'pip>=24.3,<27', 'setuptools>=75,<83', 'wheel>=0.45,<0.48',
    'numpy>=2.2,<3', 'pandas==2.3.*', 'python-dateutil>=2.9,<3',
    'pytz>=2025.1', 'tzdata>=2025.1', 'six>=1.16,<2',
    'requests>=2.32,<3', 'urllib3>=2.2,<3', 'idna>=3.10,<4',
    'certifi>=2025.1', 'charset-normalizer>=3.4,<4',
    'click>=8.2,<9', 'jinja2>=3.1.5,<4', 'markupsafe>=3,<4', 'flask>=3.1,<4',
    'werkzeug>=3.1,<4', 'itsdangerous>=2.2,<3', 'blinker>=1.9,<2',
    'pyyaml>=6.0.2,<7', 'packaging>=25,<27', 'pygments>=2.19,<3',
    'rich>=14,<16', 'markdown-it-py>=3,<5', 'mdurl>=0.1,<0.2',
    'attrs>=25.1', 'pytest>=8.3,<10', 'iniconfig>=2,<3', 'pluggy>=1.5,<2',
    'exceptiongroup>=1.2,<2', 'tomli>=2.2,<3', 'typing-extensions>=4.12,<5',
    'tqdm>=4.67,<5', 'toolz>=1,<2', 'cloudpickle>=3.1,<4', 'fsspec>=2025.2',
    'tabulate>=0.9,<0.11', 'colorama>=0.4.6,<0.5', 'platformdirs>=4.3,<5',
    'filelock>=3.16,<4', 'sortedcontainers>=2.4,<3', 'networkx>=3.4,<4',
)
# Second versions, so that a solver has something to choose.
OLDER = (
    'urllib3>=1.26.20,<2', 'click>=8.1.7,<8.2', 'packaging>=24,<25',
    'attrs>=24,<25', 'idna>=3.7,<3.10', 'tqdm>=4.66,<4.67',
)
# Only with --large: more than 300 MB unpacked, for benchmarks.
LARGE = ('scipy>=1.15,<2', 'pyarrow>=20,<27')

# Packages in the older archive format.
TAR_BZ2 = {'six', 'python-dateutil', 'tabulate', 'colorama'}

SMALL_ENVIRONMENT = ('python', 'numpy', 'pip')
# About forty packages in all, the size most environments have.
MEDIUM_ENVIRONMENT = (
    'python', 'pip', 'setuptools', 'wheel', 'numpy', 'pandas', 'requests',
    'flask', 'rich', 'pytest', 'pyyaml', 'attrs', 'tqdm', 'toolz',
    'cloudpickle', 'fsspec', 'tabulate', 'colorama', 'platformdirs',
    'filelock', 'sortedcontainers', 'networkx',
)
LARGE_ENVIRONMENT = (*MEDIUM_ENVIRONMENT, 'scipy', 'pyarrow')

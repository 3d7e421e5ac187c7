"""conda is not on PyPI. Of what the API server imports of it, an API server uses two things: the name of the platform, and
the parser of match specs. This one parses nothing, so the original is measured as cheaper than it is."""
import importlib.abc
import importlib.util
import sys
from types import SimpleNamespace


class Anything:
    def __init__(self, *_args, **_keywords):
        pass

    def __getattr__(self, _name):
        return Anything()

    def __call__(self, *_args, **_keywords):
        return self


class NoConda(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, _path=None, _target=None):
        if name.split(".")[0] == "conda":
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def exec_module(self, module):
        context = SimpleNamespace(subdir="linux-64")
        module.__getattr__ = lambda name: context if name == "context" else Anything


sys.meta_path.insert(0, NoConda())

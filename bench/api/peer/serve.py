"""Runs the original's API server by config.py. It reads the command line twice."""
import os.path
import sys

import no_conda  # noqa: F401
from conda_store_server._internal.server.app import CondaStoreServer

sys.argv[1:] = ["--config", os.path.join(os.path.dirname(__file__), "config.py")]
CondaStoreServer.launch_instance()

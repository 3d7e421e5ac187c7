"""Runs every cell of a notebook, and fails where one does.

    python run_notebook.py NOTEBOOK
"""

import sys

MISSING = "notebooks need nbclient or papermill in the environment: add nbclient and ipykernel to dependencies"


def main(path):
    try:
        # papermill stands on these as well.
        import nbformat
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ModuleNotFoundError as error:
        sys.exit(MISSING if error.name in ("nbformat", "jupyter_client", "nbclient") else str(error))
    try:
        NotebookClient(nbformat.read(path, as_version=4), timeout=None).execute()
    except CellExecutionError as error:
        # The cell and its own traceback; how nbclient came there would push them out of the lines that are kept.
        sys.exit(str(error))
    except NoSuchKernel as error:
        sys.exit(f"{error}: add its package to dependencies, ipykernel for a Python notebook")


main(sys.argv[1])

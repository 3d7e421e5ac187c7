"""Runs every cell of a notebook, and fails where one does: by nbclient, else by papermill, as the environment has them.

    python run_notebook.py NOTEBOOK
"""

import importlib.util
import sys


def main(path):
    if importlib.util.find_spec("nbclient"):
        import nbformat
        from nbclient import NotebookClient

        NotebookClient(nbformat.read(path, as_version=4), timeout=None).execute()
    elif importlib.util.find_spec("papermill"):
        import papermill

        papermill.execute_notebook(path, "executed.ipynb", progress_bar=False)
    else:
        sys.exit("notebooks need nbclient or papermill in the environment: add nbclient and ipykernel to dependencies")


main(sys.argv[1])

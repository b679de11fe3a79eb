"""Runs the notebooks and stores them with their outputs, so that a diff shows what has changed.

What Java writes to its own stderr stays on the terminal, and times of execution are not kept.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

# Spark that is killed with the kernel, while it works or while it tidies up, says a page about it.
STOP = """
from pyspark import SparkContext
java = SparkContext._gateway.proc
SparkContext.getOrCreate().stop()
java.stdin.close()
java.wait()
"""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def run(file: Path) -> None:
    """Run a notebook in its own folder and write it back.

    Raises:
        CellExecutionError: a cell fails; the file stays as it is.
    """
    notebook = nbformat.read(file, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(file.parent)}},
        extra_arguments=["--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=40"],
    )
    notebook.cells.append(nbformat.v4.new_code_cell(STOP))
    client.execute()
    notebook.cells.pop()
    # The version of whoever ran it last says nothing to a reader.
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    nbformat.write(notebook, file)


def main() -> int:
    """Run the notebooks that the command line names; 1 where a cell fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", metavar="NOTEBOOK")
    for file in parser.parse_args().files:
        sys.stderr.write(f"trailhound: running {file}\n")
        try:
            run(file)
        except CellExecutionError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

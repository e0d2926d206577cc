"""Entry point of ``jb`` and ``python -m judgebench``."""

import os
import sys


def main() -> int:
    """Run the command line and return its exit code."""
    open_standard_streams()
    from judgebench.cli.main import run

    return run(sys.argv[1:])


def open_standard_streams() -> None:
    """Open ``/dev/null`` where the caller closed stdin, stdout or stderr (``jb ... >&-``).

    Else the next file that is opened takes the place, and what is printed goes into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor, which is this one
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


if __name__ == "__main__":
    sys.exit(main())

"""Entry point of ``jb`` and ``python -m judgebench``."""

import contextlib
import gc
import os
import resource
import signal
import sys

_OPEN_FILES = 65536
"""More connections than any ``batch_size``; without a bound, programs that close "all" descriptors take minutes."""


def main() -> int:
    """Run the command line and return its exit code."""
    open_standard_streams()
    lift_inherited_limits()
    gc.set_threshold(50_000)  # what a start makes stays: the usual 700 would look through it a hundred times
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


def lift_inherited_limits() -> None:
    """Undo what a caller's habits would break here and in every process that is started.

    With blocked signals neither Ctrl-C nor the end of a task would be noticed. The soft limit of open files is a
    default of the shell (256 or 1024), below what ``batch_size`` connections need; the hard one is the limit.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        most = min(hard, _OPEN_FILES) if hard != resource.RLIM_INFINITY else _OPEN_FILES
        if soft < most:
            with contextlib.suppress(ValueError, OSError):  # macOS refuses what its kernel has no room for
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())

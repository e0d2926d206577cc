"""numpy with one BLAS thread: what is counted here multiplies no large matrices.

OpenBLAS starts a thread a core when numpy is imported, and each spins for a while before it sleeps: a tenth of a CPU
second a core for a process that reads a config or averages verdicts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Environment of a process that only counts. A process that may run a model itself does not get it."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Import numpy inside of this; a number of threads that the user set stays, and nothing is left to children."""
    added = {name: text for name, text in ONE_THREAD.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]

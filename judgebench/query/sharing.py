"""Which datasets of a run keep their texts to themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import DiskError
from judgebench.store.journal import DamagedError, Decoder, reason_of
from judgebench.store.run_folder import RunFolder


class _SharedDataset(msgspec.Struct, frozen=True):
    shareable: bool = True


class _SharingPlan(msgspec.Struct, frozen=True):
    """The part of a plan that says what may be handed on."""

    datasets: dict[str, _SharedDataset] = {}


_DECODE = Decoder(_SharingPlan)


def withheld_datasets(folder: RunFolder) -> set[str]:
    """Return the datasets that any plan of a run declares ``shareable=False``.

    Raises:
        DiskError: A plan cannot be read, so that it is not known.
    """
    found: set[str] = set()
    return found.union(*(withheld_by(path) for path in folder.plans()))


def withheld_by(path: Path) -> set[str]:
    """Return the datasets that one plan declares ``shareable=False``.

    Raises:
        DiskError: The plan cannot be read.
    """
    try:
        plan = _DECODE.read(path)
    except OSError as error:
        raise _unknown(str(path), reason_of(error)) from error
    except DamagedError as error:
        raise _unknown(str(path), str(error)) from error
    return {abbr for abbr, dataset in plan.datasets.items() if not dataset.shareable}


def _unknown(path: str, why: str) -> DiskError:
    return DiskError(
        f"{path} cannot be read, so it is not known which texts may be handed on: {why}.",
        hint="Mend the plan, or remove it if its datasets may all be shared.",
    )

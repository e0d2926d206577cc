"""Which shard ``--shard`` means: the one that it names, or the one that a launcher of many jobs has given this one."""

from __future__ import annotations

from collections.abc import Mapping

from judgebench.errors import UsageError
from judgebench.records.shards import Shard, shard_of

AUTO = "auto"
_ARRAY = "SLURM_ARRAY_TASK_"
_COMPLETION = "JOB_COMPLETION_INDEX"


def shard_in(text: str, environ: Mapping[str, str]) -> Shard:
    """Return the shard that ``0/4``, ``auto`` or ``auto/4`` means.

    Args:
        text: What ``--shard`` says.
        environ: The environment: a job array of Slurm says everything (``SLURM_ARRAY_TASK_ID``, ``_MIN``, ``_COUNT``),
            an indexed job of Kubernetes only which one it is (``JOB_COMPLETION_INDEX``).

    Raises:
        UsageError: It means none.
    """
    word, slash, count = text.strip().partition("/")
    if word != AUTO or (slash and not count):
        return shard_of(text)
    in_array = f"{_ARRAY}ID" in environ
    if in_array:
        index = _number(environ, f"{_ARRAY}ID") - _number(environ, f"{_ARRAY}MIN", "0")
        step = _number(environ, f"{_ARRAY}STEP", "1") or 1
        if index % step:
            raise _gaps(environ)
        index //= step
    elif _COMPLETION in environ:
        index = _number(environ, _COMPLETION)
    else:
        raise UsageError(
            f"--shard {text} takes its number from a launcher, but neither {_ARRAY}ID nor {_COMPLETION} is set.",
            hint="Start it in a job array, or say which one it is: --shard 0/4",
        )
    if not count and f"{_ARRAY}COUNT" not in environ:
        raise UsageError(
            f"--shard {AUTO} knows from {_ARRAY if in_array else _COMPLETION} which part it is, but not of how many.",
            hint=f"Say it: --shard {AUTO}/4",
        )
    parts = count or environ[f"{_ARRAY}COUNT"]
    if in_array and parts.isdecimal() and not 0 <= index < int(parts):
        raise _gaps(environ)
    return shard_of(f"{index}/{parts}")


def _number(environ: Mapping[str, str], name: str, default: str = "") -> int:
    said = environ.get(name, default)
    if not (said.isdecimal() and len(said) <= 9):
        raise UsageError(f"{name} is {said!r}, where a whole number was expected.", hint="Say it: --shard 0/4")
    return int(said)


def _gaps(environ: Mapping[str, str]) -> UsageError:
    return UsageError(
        f"The job array has gaps, so {_ARRAY}ID {environ[f'{_ARRAY}ID']} does not say which part this is.",
        hint="Number the array from 0 without gaps: sbatch --array=0-3",
    )

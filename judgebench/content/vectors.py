"""Arrays in replies: hidden states as typed parts, small ones in the journal's line and large ones in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judgebench.content.parts import Array, typed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_IN_LINE = 64 * 1024
"""Bytes of numbers up to which they stand in the line of the journal."""


class NotFiniteError(ValueError):
    """An array holds a value that is infinite or no number."""


def array_part(array: NDArray[np.float32]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return an array as a part of a reply, and the bytes that belong into the store.

    The numbers are written as the shortest decimals that read as the same float32.

    Args:
        array: Of any shape.

    Raises:
        NotFiniteError: A value is infinite or no number.
    """
    import numpy as np

    if not np.isfinite(array).all():
        count = int(array.size - np.isfinite(array).sum())
        raise NotFiniteError(f"{count} of {array.size} values of the states are not finite")
    flat = np.ascontiguousarray(array, dtype="<f4")
    shape = list(flat.shape)
    if flat.nbytes > MOST_IN_LINE:
        data = flat.tobytes()
        sha256 = hashlib.sha256(data).hexdigest()
        return typed(Array(dtype="float32", shape=shape, sha256=sha256)), {sha256: data}
    values = [float(text) for text in flat.ravel().astype(str)]
    return typed(Array(dtype="float32", shape=shape, values=values)), {}


def array_of(parts: Sequence[Mapping[str, Any]], media: Mapping[str, bytes]) -> NDArray[np.float32] | None:
    """Return the first array among the parts of a reply; ``None`` where there is none that can be read.

    Args:
        parts: Of the reply.
        media: Bytes of what stands in the store, by hash.
    """
    import numpy as np

    for part in parts:
        if part.get("type") != "array":
            continue
        shape = part.get("shape", [])
        if "sha256" not in part:
            flat = np.asarray(part.get("values", []), dtype=np.float32)
        elif part["sha256"] in media:
            flat = np.frombuffer(media[part["sha256"]], dtype="<f4")
        else:
            return None
        return flat.reshape(shape) if flat.size == int(np.prod(shape)) else None
    return None

"""A loopback service of hidden states whose directions are planted: what a probe must find in them is known.

It speaks ``v1/embeddings`` with the key ``represent``, as the services that ``jb`` launches do. The states of a text
are normal numbers that follow from the text, the layer and the pooling alone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from judgebench.testing.loopback import LoopbackServer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Refusal = Callable[[str], "tuple[str, str] | None"]


def planted_states(text: str, layer: int, pool: str, width: int) -> NDArray[np.float32]:
    """Return the states of a text: ``width`` normal numbers that follow from text, layer and pool."""
    import numpy as np

    digest = hashlib.sha256(f"{layer}/{pool}/{text}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big")).normal(size=width).astype(np.float32)


class PlantedStates(LoopbackServer):
    """Serves planted states on a free port of the loopback interface.

    Args:
        width: Numbers in a state.
        layers: Layers that can be asked for.
        weights: What it says its weights hash to.
        refuse: Gives code and sentence of a refusal for a text, or ``None``.
        spoil: Says for which texts a state is infinite.
        delay: Seconds that a reply takes.
    """

    name = "planted"

    def __init__(
        self,
        *,
        width: int = 8,
        layers: int = 12,
        weights: str = "planted-1",
        refuse: Refusal | None = None,
        spoil: Callable[[str], bool] | None = None,
        delay: float = 0.0,
    ) -> None:
        super().__init__()
        self.width, self.layers, self.weights, self.delay = width, layers, weights, delay
        self.received: list[str] = []
        self._refuse = refuse or (lambda _: None)
        self._spoil = spoil or (lambda _: False)

    def application(self) -> web.Application:
        """Return what is served."""
        app = web.Application()
        app.router.add_post("/v1/embeddings", self._embeddings)
        app.router.add_get("/v1/models", self._models)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": self.name, "object": "model"}]})

    async def _embeddings(self, http: web.Request) -> web.Response:
        import numpy as np

        body = await http.json()
        text, wanted = body["input"], body["represent"]
        self.received.append(text)
        await asyncio.sleep(self.delay)
        refusal = self._refuse(text)
        if refusal is None and max(wanted["layers"]) > self.layers:
            refusal = ("invalid_value", f"there are layers 1 to {self.layers}")
        if refusal is not None:
            code, said = refusal
            return web.json_response({"error": {"message": said, "code": code}}, status=400)
        array = np.array(
            [[planted_states(text, layer, pool, self.width) for pool in wanted["pools"]] for layer in wanted["layers"]]
        )
        if self._spoil(text):
            array[0, 0, 0] = np.inf
        facts: dict[str, Any] = {name: wanted[name] for name in ("layers", "pools", "span")}
        facts |= {"model": self.name, "source": "planted", "weights": self.weights, "norm": "none", "dtype": "float32"}
        embedding = base64.b64encode(array.astype("<f4").tobytes()).decode()
        entry = {"object": "embedding", "index": 0, "embedding": embedding, "shape": list(array.shape)}
        usage = {"prompt_tokens": len(text.split())}
        return web.json_response(
            {"object": "list", "model": self.name, "data": [entry], "usage": usage, "represent": facts}
        )

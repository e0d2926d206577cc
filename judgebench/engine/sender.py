"""A process that does nothing but send: ``python -m judgebench.engine.sender``, started by ``senders``.

Its stdin is a socket to the task process, which owns the journal. The first line that comes is the model's config; each
further one is a question. Out go the model's name, then replies, each together with the counters as they are. When the
task is gone, so is this process: what it would still receive, nobody could write down.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import Any

import msgspec

from judgebench.engine.client import ServingClient, Traffic, open_alone
from judgebench.engine.senders import Channel, SenderQuestion, SenderRecord
from judgebench.engine.worker_pool import run
from judgebench.errors import JudgebenchError
from judgebench.models.access import model_config

REPORT_INTERVAL = 0.25
"""Seconds between two reports of the counters while no reply comes."""


def main() -> int:
    """Send until the task hangs up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the task decides when to stop, and what is in flight may finish
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s")
    end = socket.socket(fileno=os.dup(0))
    end.setblocking(False)
    run(_send(end))
    return 0


async def _send(end: socket.socket) -> None:
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    channel = Channel(lines.put_nowait, lambda: os._exit(0))
    await channel.connect(end)
    traffic = Traffic()
    try:
        config = model_config(msgspec.json.decode(await lines.get()))
        async with open_alone(config, traffic) as client:
            channel.send(SenderRecord(model=client.model))
            await _answer(lines, channel, client, traffic)
    except JudgebenchError as error:
        channel.send(SenderRecord(error=(type(error).__name__, error.message, error.hint)))
        channel.flush()
        await asyncio.sleep(3600)  # the task hangs up when it has read this


async def _answer(lines: asyncio.Queue[bytes], channel: Channel, client: ServingClient, traffic: Traffic) -> None:
    decode = msgspec.json.Decoder(SenderQuestion).decode
    failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    asking: set[asyncio.Task[None]] = set()

    async def ask(question: SenderQuestion) -> None:
        try:
            reply = await client.ask(question.request)
        except Exception as error:  # noqa: BLE001 - whatever it is ends the process, where it is told
            if not failed.done():
                failed.set_exception(error)
            return
        channel.send(SenderRecord(number=question.number, reply=reply, traffic=traffic))

    async def read() -> None:
        while True:
            task = asyncio.create_task(ask(decode(await lines.get())))
            asking.add(task)
            task.add_done_callback(asking.discard)

    async def report() -> None:
        while True:
            await asyncio.sleep(REPORT_INTERVAL)
            channel.send(SenderRecord(traffic=traffic))

    others = [asyncio.create_task(read()), asyncio.create_task(report())]
    try:
        await asyncio.wait({failed, *others}, return_when=asyncio.FIRST_COMPLETED)
        for one in (failed, *others):
            if one.done():
                one.result()
    finally:
        for one in [*others, *asking]:
            one.cancel()
        await asyncio.gather(*others, *asking, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())

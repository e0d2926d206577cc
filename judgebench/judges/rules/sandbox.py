"""A bounded pool of worker processes in which a pure function may run away without taking the task with it.

Comparing two formulas can take for ever or all memory, inside C code that holds the interpreter lock, where neither an
exception nor a signal handler helps. Each call therefore runs on the main thread of a worker of its own, which is
killed at the deadline and replaced. Workers are started when the first call needs them, read one call per line from
their standard input, and end when it is closed. A worker also carries a kernel timer, so that it dies soon after its
deadline even when the process that watched it is gone (``kill -9``).

``pebble.ProcessPool`` does the same and was tried: it is as quick, but one idle worker that is killed (by the system's
want of memory, say) breaks the whole pool, and it needs a start method that either forks beside threads or imports the
main module again.

The pool runs functions of installed modules, named by dotted path, with JSON values as arguments. What a module has to
do once (heavy imports, say) it does in its ``warm_up()``, which is not on the clock of the first call. The pool is no
jail for hostile code.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import OrderedDict
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec

START_LIMIT = 120.0
"""Seconds that a worker may take to start, to import the function's module and to warm it up (a loaded machine is
slow)."""
GRACE = 2.0
"""Seconds after the deadline at which a worker that nobody watches ends itself."""
MEMORY_ALARM = 0.5
"""Share of the memory limit above which a call counts as having hit it: the refused allocation itself is not counted in
the process's size, and libraries swallow ``MemoryError``."""
_MOST_BYTES = 1 << 26
_STARTED = b"started\n"


class Overrun(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call has no result.

    Attributes:
        kind: ``time``, ``memory``, ``crash`` (the worker died) or ``error`` (the function raised).
        message: The same in a few words.
    """

    kind: Literal["time", "memory", "crash", "error"]
    message: str


class KillablePool:
    """Runs pure functions in worker processes that can be killed.

    Args:
        workers: Most processes at once.
        deadline: Seconds of wall time for one call.
        memory: Most bytes of address space of one worker; 0 sets no limit.
        cache: How many results are kept by function and arguments.
    """

    def __init__(self, workers: int = 2, *, deadline: float = 10.0, memory: int = 1 << 30, cache: int = 65_536) -> None:
        self._slots = asyncio.Semaphore(max(1, workers))
        self._deadline = deadline
        self._memory = memory
        self._cache_size = cache
        self._cache: OrderedDict[bytes, Any] = OrderedDict()
        self._pending: dict[bytes, asyncio.Future[None]] = {}
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self.started = 0
        """Processes started so far."""

    async def call(self, function: str, *args: Any) -> Any:
        """Return the function's result, or an ``Overrun``.

        Args:
            function: Dotted path of a function of an importable module.
            *args: JSON values.
        """
        message = json.dumps({"function": function, "args": args}).encode()
        key = blake2b(message, digest_size=16).digest()
        while key not in self._cache:
            if key in self._pending:
                await asyncio.shield(self._pending[key])
                continue
            done = self._pending[key] = asyncio.get_running_loop().create_future()
            try:
                return self._keep(key, await self._run(message))
            finally:
                del self._pending[key]
                done.set_result(None)
        self._cache.move_to_end(key)
        return self._cache[key]

    async def aclose(self) -> None:
        """End all workers; the pool can be used again and starts new ones then."""
        workers, self._idle, self._all = list(self._all), [], set()
        for worker in workers:
            await worker.kill()

    async def __aenter__(self) -> KillablePool:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _keep(self, key: bytes, result: Any) -> Any:
        self._cache[key] = result
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return result

    async def _run(self, message: bytes) -> Any:
        async with self._slots:
            worker = await self._take_idle() or await self._start()
            healthy = False
            try:
                result, healthy = await worker.call(message, self._deadline)
                return result
            finally:  # also when the call is cancelled: an unfinished worker is of no more use
                if healthy:
                    self._idle.append(worker)
                else:
                    self._all.discard(worker)
                    await worker.kill()

    async def _take_idle(self) -> _Worker | None:
        """Return a worker that has nothing to do; one that has died meanwhile is nobody's crash."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._all.discard(worker)
            await worker.kill()
        return None

    async def _start(self) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "judgebench.judges.rules.sandbox", str(self._memory), str(self._deadline + GRACE)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_MOST_BYTES,
            env={
                **{name: text for name, text in os.environ.items() if not name.startswith("JB_SECRET_")},
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
        )
        worker = _Worker(process)
        self._all.add(worker)
        self.started += 1
        return worker


class _Worker:
    """The parent's side of one worker process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def alive(self) -> bool:
        """Whether its end has not been noticed."""
        return self._process.returncode is None

    async def call(self, message: bytes, deadline: float) -> tuple[Any, bool]:
        """Return the result and whether the worker can take another call."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(message + b"\n")
            await stdin.drain()
            # Not wait_for: before Python 3.12 it loses a cancellation that comes in the same turn as the line.
            async with asyncio.timeout(START_LIMIT):
                started = await stdout.readline()
        except TimeoutError:
            return Overrun(kind="time", message=f"the worker did not start within {START_LIMIT:g} s"), False
        except ConnectionError:
            started = b""
        overrun = Overrun(kind="time", message=f"took longer than {deadline:g} s")
        if deadline <= 0:  # not even for a result that is here already, as it may be by chance
            return overrun, False
        try:
            async with asyncio.timeout(deadline):
                line = await stdout.readline() if started == _STARTED else started
        except TimeoutError:
            return overrun, False
        if not line:
            return Overrun(kind="crash", message="the worker process died"), False
        answer = json.loads(line)
        if "overrun" in answer:
            overrun = msgspec.convert(answer["overrun"], Overrun)
            return overrun, overrun.kind == "error"
        return answer["value"], True

    async def kill(self) -> None:
        """End the process and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        with contextlib.suppress(ProcessLookupError):
            await self._process.wait()


def _serve(memory: int, alarm: float) -> None:
    """Answer calls from standard input until it is closed (the body of a worker process)."""
    import signal

    replies = os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n")
    os.dup2(2, 1)  # whatever a library prints must not mix with the replies
    for name in (signal.SIGINT, signal.SIGTERM):
        # Sent to the whole group, they are for the parent, which ends the pool.
        signal.signal(name, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the default action ends the process, whatever it is doing
    _limit_memory(memory)
    for line in sys.stdin.buffer:
        message = json.loads(line)
        answer = _answer(message["function"], message["args"], alarm, replies.write, replies.flush)
        if memory and _peak_memory() > MEMORY_ALARM * memory:
            answer = {"overrun": {"kind": "memory", "message": _too_much(memory)}}
        signal.setitimer(signal.ITIMER_REAL, 0)
        replies.write(json.dumps(answer) + "\n")
        replies.flush()


def _answer(function: str, args: list[Any], alarm: float, write: Any, flush: Any) -> dict[str, Any]:
    import signal

    module, _, name = function.rpartition(".")
    try:
        call = getattr(_ready(module), name)
        write(_STARTED.decode())
        flush()
        signal.setitimer(signal.ITIMER_REAL, alarm)
        return {"value": call(*args)}
    except MemoryError:
        return {"overrun": {"kind": "memory", "message": "ran out of the memory it may use"}}
    except Exception as error:  # noqa: BLE001 -- whatever the function raises is its result, told to the parent
        return {"overrun": {"kind": "error", "message": f"{type(error).__name__} in {name}"}}


@cache
def _ready(name: str) -> ModuleType:
    """Return a module, imported and warmed up."""
    import importlib

    module = importlib.import_module(name)
    getattr(module, "warm_up", lambda: None)()
    return module


def _limit_memory(memory: int) -> None:
    import resource

    if memory:
        with contextlib.suppress(ValueError, OSError):  # a lower hard limit is in force, or the system has none
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _peak_memory() -> int:
    """Return the largest address space the process has had, in bytes; 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/status").read_text("ascii").split("VmPeak:")[1].split()[0]) * 1024
    return 0


def _too_much(memory: int) -> str:
    return f"needed more memory than the {memory >> 20} MiB it may use"


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]))

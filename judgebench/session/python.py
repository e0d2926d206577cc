"""``judgebench.run``, from Python: in a script, a notebook, a test or a service."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from typing import Any

from judgebench.dashboard.display import Display
from judgebench.errors import UsageError
from judgebench.records.request import RunRequest
from judgebench.records.run import Mode, Options
from judgebench.session.declared import GivenConfigs, declarations
from judgebench.session.gating import Gate, conditions_of, gated
from judgebench.session.listeners import Listener
from judgebench.session.outcome import Outcome, scores
from judgebench.session.session import Session

Given = str | os.PathLike[str] | Mapping[str, Any] | object
"""A name, a config as a dict, or an object that becomes one."""


def run(
    *,
    models: Given | Sequence[Given] = (),
    datasets: Given | Sequence[Given] = (),
    judges: Given | Sequence[Given] = (),
    mode: Mode = "all",
    reuse: str | os.PathLike[str] | None = None,
    work_dir: str | os.PathLike[str] = "outputs/default",
    gate: Gate | None = None,
    listener: Display | None = None,
    **options: Any,
) -> Outcome:
    """Run a judged benchmark and return what came of it; ``run_async`` is its twin inside of an event loop.

    The run works in a thread of its own, and its tasks in processes of their own. Nothing is printed, and nothing of
    this process is changed: no environment variable, no signal handler. Ctrl-C stops the run gracefully and is raised.

    Args:
        models: The models that answer: names (or paths) of configs, then dicts or objects.
        datasets: What they are asked: likewise.
        judges: Who judges, instead of the datasets' own judges: likewise, or models.
        mode: Which stages are run: ``all``, ``infer``, ``judge``, ``infer_judge``, ``eval`` or ``viz``.
        reuse: The run to continue: ``latest``, a timestamp, or the path of a run folder.
        work_dir: Parent of the run folders.
        gate: What decides whether the run is good enough: conditions, a dict of them, or a TOML file; see ``gate``.
        listener: Hears the run.
        **options: The other flags of ``jb``: ``num_prompts=5``, ``config_dirs=[...]``, ``max_num_workers=2``, ...

    Raises:
        JudgebenchError: What keeps the run from starting. A task that fails is told in the outcome.
        KeyboardInterrupt: It was stopped by Ctrl-C.
    """
    session = _session(models, datasets, judges, mode, reuse, work_dir, gate, listener, options)
    running = _in_a_thread(session)
    try:
        return running.result()
    except KeyboardInterrupt:
        _stop(session, running)
        raise


def _stop(session: Session, running: Future[Outcome]) -> None:
    """Stop a run and wait for its end; another Ctrl-C stops it at once."""
    session.stop()
    while not running.done():
        try:
            wait([running])
        except KeyboardInterrupt:
            session.stop(at_once=True)


async def run_async(
    *,
    models: Given | Sequence[Given] = (),
    datasets: Given | Sequence[Given] = (),
    judges: Given | Sequence[Given] = (),
    mode: Mode = "all",
    reuse: str | os.PathLike[str] | None = None,
    work_dir: str | os.PathLike[str] = "outputs/default",
    gate: Gate | None = None,
    listener: Display | None = None,
    **options: Any,
) -> Outcome:
    """Run a judged benchmark beside whatever else the event loop does; as ``run``.

    Where the awaiting task is cancelled the run is stopped gracefully, which may take some seconds.

    Raises:
        JudgebenchError: What keeps the run from starting.
    """
    session = _session(models, datasets, judges, mode, reuse, work_dir, gate, listener, options)
    running = asyncio.wrap_future(_in_a_thread(session))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        session.stop()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at: the caller is told of the cancellation alone
        raise


def _session(
    models: object,
    datasets: object,
    judges: object,
    mode: Mode,
    reuse: str | os.PathLike[str] | None,
    work_dir: str | os.PathLike[str],
    gate: Gate | None,
    listener: Display | None,
    options: Mapping[str, Any],
) -> Session:
    logging.getLogger("judgebench").addHandler(_SILENT)  # else Python prints warnings by itself
    request = request_of(models, datasets, judges, mode, reuse, work_dir, options)
    hears = Listener() if listener is None else listener
    conditions = None if gate is None else conditions_of(gate)

    def close(outcome: Outcome, display: Display) -> Outcome:
        closed = outcome if conditions is None else gated(outcome, conditions)
        display.done(exit_code=int(closed.exit_code), scores=scores(closed.results), next_command="")
        return closed

    return Session(request, command=["judgebench.run"], display=lambda: hears, close=close, gate=conditions)


_SILENT = logging.NullHandler()
_SELECTION = {"config", "summarizer", "executor", "listeners", "config_dirs", "overrides"}
_REQUEST = {"max_num_workers", "overlap", "merge_datasets", "all_samples", "lifted", "prices", "stop_when_decided"}
_OPTIONS = set(Options.__struct_fields__) - {"debug"}


def request_of(
    models: object,
    datasets: object,
    judges: object,
    mode: Mode,
    reuse: str | os.PathLike[str] | None,
    work_dir: str | os.PathLike[str],
    options: Mapping[str, Any],
) -> RunRequest:
    """Return the request that a call means.

    Raises:
        UsageError: An option that there is not, or one of the wrong type.
    """
    import msgspec

    known = _SELECTION | _REQUEST | _OPTIONS
    if unknown := sorted(set(options) - known):
        from judgebench.errors import nearest

        raise UsageError(
            f"judgebench.run takes no {unknown[0]!r}.",
            hint=f"{nearest(unknown[0], known)}It takes: {', '.join(sorted(known))}.",
        )
    parts = {"models": declarations("models", models), "datasets": declarations("datasets", datasets),
             "judges": declarations("judges", judges)}  # fmt: skip
    options = dict(options)
    executors = declarations("executors", options.pop("executor", None))
    if len(executors.names) + len(executors.given) > 1:
        raise UsageError("judgebench.run takes one executor, and several are given.", hint="Name one: executor='local'")
    parts["executors"] = GivenConfigs(names=[], given=executors.given)
    chosen = {name: _plain_option(value) for name, value in options.items()}
    chosen |= {"executor": executors.names[0]} if executors.names else {}
    if isinstance(chosen.get("listeners"), str):
        chosen["listeners"] = [chosen["listeners"]]
    chosen.setdefault("data_dir", os.environ.get("JB_DATA_DIR", ""))
    whole = {
        "selection": {
            **{kind: part.names for kind, part in parts.items() if kind != "executors"},
            "given": {kind: part.given for kind, part in parts.items() if part.given},
            **{name: chosen[name] for name in _SELECTION & chosen.keys()},
        },
        "mode": mode,
        "reuse": _plain_option(reuse),
        "work_dir": _plain_option(work_dir),
        **{name: chosen[name] for name in _REQUEST & chosen.keys()},
        "options": {name: chosen[name] for name in _OPTIONS & chosen.keys()},
    }
    try:
        return msgspec.convert(whole, RunRequest)
    except msgspec.ValidationError as error:
        raise UsageError(f"judgebench.run: {error}.", hint="docs/python.md says what each option takes.") from error


def _plain_option(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return [_plain_option(one) for one in value] if isinstance(value, list | tuple) else value


def _in_a_thread(session: Session) -> Future[Outcome]:
    """Start the run in a thread of its own: it needs one without a running event loop, and leaves ours as it is."""
    running: Future[Outcome] = Future()

    def work() -> None:
        try:
            outcome = session.run()
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            running.set_exception(error)
        else:
            running.set_result(outcome)

    threading.Thread(target=work, name="judgebench-run").start()
    return running

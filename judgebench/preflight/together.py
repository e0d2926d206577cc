"""Probes several services at once, says which one keeps the run waiting, tells all unusable ones in one error.

What is asked of one address is asked one after the other: a service that answers one call at a time must not run into
the time limit of a probe because another probe of ours came first.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from judgebench import plugins
from judgebench.errors import EndpointError, JudgebenchError
from judgebench.models.address import base_url
from judgebench.models.contract import ServiceConfig
from judgebench.preflight.probe import Probe

QUIET = 2.0
"""Seconds that a service has been asked before it is said that it is waited for, be it for one reply or for many."""
_LOOK = 0.1


class Probing(msgspec.Struct, kw_only=True):
    """What one service is asked for one purpose.

    Attributes:
        config: The service.
        ask: Asks it; returns findings.
        probe: While it is asked.
    """

    config: ServiceConfig
    ask: Callable[[Probe], list[str]]
    probe: Probe | None = None
    findings: list[str] = msgspec.field(default_factory=list)
    error: BaseException | None = None


def ask_all(probings: Sequence[Probing], tell: Callable[[str], None]) -> list[str]:
    """Ask every service; returns the findings in the order of the probings.

    A service that cannot be used is asked nothing further.

    Args:
        probings: What is asked.
        tell: Takes the line about a service that is slow to answer; called from this thread, once per service.

    Raises:
        JudgebenchError: Services cannot be used: all of them in one ``EndpointError``; or what else was found first.
    """
    places: dict[str, list[Probing]] = {}
    for one in probings:
        places.setdefault(base_url(one.config), []).append(one)
    # not an executor: its threads would be waited for after Ctrl-C, which a hanging service makes half a minute
    threads = [threading.Thread(target=_ask_in_turn, args=(place,), daemon=True) for place in places.values()]
    for thread in threads:
        thread.start()
    asked_since: dict[str, float] = {}
    for thread in threads:
        while thread.is_alive():
            _tell_slow(probings, asked_since, tell)
            _give_up_late(probings)
            thread.join(_LOOK)
    _raise_errors([one.error for one in probings if one.error is not None])
    return [finding for one in probings for finding in one.findings]


def _ask_in_turn(probings: Sequence[Probing]) -> None:
    unusable: set[tuple[str, str]] = set()
    for one in probings:
        asked = (one.config.abbr, one.config.model)
        if asked in unusable:
            continue
        try:
            with Probe(one.config, plugins.load(one.config.type, "models")()) as one.probe:
                one.findings = one.ask(one.probe)
        except BaseException as error:  # noqa: BLE001 -- raised again by the thread that waits for this one
            one.error = error
            unusable.add(asked)
        finally:
            one.probe = None


def _tell_slow(probings: Sequence[Probing], asked_since: dict[str, float], tell: Callable[[str], None]) -> None:
    for one in probings:
        probe = one.probe
        since = probe.waiting_since if probe is not None else None
        if probe is None or since is None or time.monotonic() - asked_since.setdefault(probe.place, since) < QUIET:
            continue
        asked_since[probe.place] = math.inf  # told
        tell(
            f"preflight: waiting for the service of {probe.config.abbr!r} at {probe.place}, "
            f"at most {probe.limit:g} s for each trial request (--no-preflight asks none)"
        )


def _give_up_late(probings: Sequence[Probing]) -> None:
    for one in probings:
        probe = one.probe
        since = probe.waiting_since if probe is not None else None
        if probe is not None and since is not None and time.monotonic() - since > probe.limit:
            probe.give_up(since)


def _raise_errors(errors: list[BaseException]) -> None:
    """Raise the error that tells of all.

    Raises:
        JudgebenchError: There are errors.
    """
    for error in errors:
        if not isinstance(error, EndpointError):
            raise error
    different = {str(error): error for error in errors if isinstance(error, JudgebenchError)}
    if len(different) == 1:
        raise errors[0]
    if different:
        said = "\n".join(f"  {error.message}\n    {error.hint}".rstrip() for error in different.values())
        raise EndpointError(f"{len(different)} services cannot be used:\n{said}")

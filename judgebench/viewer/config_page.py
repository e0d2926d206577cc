"""How a run was made: its commands, its resolved config, and what another run has otherwise."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from judgebench.errors import JudgebenchError
from judgebench.store.journal import DamagedError, Decoder, read_file, reason_of
from judgebench.store.run_folder import RunFolder
from judgebench.viewer.library import KnownRun, links_in
from judgebench.viewer.settings import SettingDifferences, differences
from judgebench.viewer.sides import run_before
from judgebench.viewer.site import MissingError, ViewerSite

_MOST = 300
"""Settings that differ, of those that are shown."""


class _PlannedConfig(msgspec.Struct):
    """What a plan says of how a run is made, without the places and times of this one run."""

    mode: str = ""
    models: dict[str, Any] = {}
    datasets: dict[str, Any] = {}
    summarizer: dict[str, Any] = {}
    options: dict[str, Any] = {}
    executor: dict[str, Any] = {}


_PLAN = Decoder(_PlannedConfig)


def page(site: ViewerSite, request: web.Request) -> web.Response:
    """Return the resolved config of the newest invocations, and the command lines of all."""
    run = site.run(request)
    files: list[tuple[str, str]] = []
    problems = list(run.problems)
    if run.manifest and not links_in(run.folder):
        for one in run.manifest.invocations[-3:]:
            path = run.folder / "configs" / one.config.rpartition("/")[2]
            try:
                files.append((one.config, read_file(path).decode("utf-8", "replace")))
            except OSError as error:
                problems.append(f"{one.config}: {reason_of(error)}")
    runs = [one for one in site.library.runs() if one.folder != run.folder]
    other = site.library.run(key) if (key := request.query.get("against", "")) else None
    if key and other is None:
        raise MissingError("There is no such run to compare the config with.")
    return site.page(
        "config.html",
        current="run",
        run=run,
        files=files[::-1],
        problems=problems,
        runs=runs[:200],
        other=other,
        before=run_before([run, *runs], run),
        settings=_differences(other, run, problems) if other is not None else None,
        most=_MOST,
        keys=[("esc", "run"), ("?", "keys")],
    )


def _differences(first: KnownRun, second: KnownRun, problems: list[str]) -> SettingDifferences:
    return differences(*(msgspec.to_builtins(_settings(run, problems)) for run in (first, second)))


def _settings(run: KnownRun, problems: list[str]) -> _PlannedConfig:
    """Return the settings of the newest invocation of a run; none where its plan is not to be read."""
    if not links_in(run.folder):
        try:
            plans = RunFolder(run.folder).plans()
            if plans:
                return _PLAN.read(plans[-1])
        except OSError as error:
            problems.append(f"{run.name}: {reason_of(error)}")
            return _PlannedConfig()
        except (DamagedError, JudgebenchError) as error:
            problems.append(f"{run.name}: {error}")
            return _PlannedConfig()
    problems.append(f"{run.name} holds no plan that can be read, so its settings are not known.")
    return _PlannedConfig()

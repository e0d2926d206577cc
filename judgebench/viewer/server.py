"""The viewer as a web application: its addresses, what guards them, and its life from the printed link to Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from judgebench.errors import DiskError, JudgebenchError, UsageError
from judgebench.viewer import (
    compare_page,
    config_page,
    files,
    item_page,
    items_page,
    labels_page,
    live,
    run_page,
    runs_page,
    timing_page,
)
from judgebench.viewer.guard import HEADERS, LOOPBACK, Guard
from judgebench.viewer.library import Library
from judgebench.viewer.site import MissingError, ViewerSite

logger = logging.getLogger(__name__)

Page = Callable[[ViewerSite, web.Request], web.Response]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGES: dict[str, Page] = {
    "/": runs_page.page,
    "/runs/{run}": run_page.page,
    "/runs/{run}/config": config_page.page,
    "/runs/{run}/timing": timing_page.page,
    "/runs/{run}/items": items_page.page,
    "/runs/{run}/items/count": items_page.count,
    "/runs/{run}/items/{model}/{row}/{id}/{repeat}": item_page.page,
    "/runs/{run}/items/{model}/{row}/{id}/{repeat}/record": item_page.record,
    "/runs/{run}/labels": labels_page.page,
    "/compare": compare_page.page,
    "/runs/{run}/attachments/{sha256}": files.attachment,
    "/static/{name}": files.static,
    "/favicon.ico": files.icon,
}
"""What is read, by its address."""

_MOST_POSTED = 64 << 10


def application(site: ViewerSite) -> web.Application:
    """Return the viewer as aiohttp serves it."""
    app = web.Application(middlewares=[_guarded(site)], client_max_size=_MOST_POSTED)
    for address, page in PAGES.items():
        app.router.add_get(address, _reading(site, page))
    app.router.add_post("/runs/{run}/labels", partial(_posted, site, labels_page.add))
    app.router.add_post("/runs/{run}/labels/draw", partial(_posted, site, labels_page.draw_answers))
    app.router.add_get("/runs/{run}/events", partial(live.events, site))
    return app


def _reading(site: ViewerSite, page: Page) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await site.aside(page, site, request)

    return answer


async def _posted(
    site: ViewerSite,
    work: Callable[[ViewerSite, web.Request, dict[str, str]], web.Response],
    request: web.Request,
) -> web.StreamResponse:
    try:
        sent = await request.post()
    except (ValueError, LookupError, web.HTTPBadRequest, HttpProcessingError) as error:  # cut off, or no such encoding
        raise UsageError("The form cannot be read.", hint="Go back, load the page again and send it anew.") from error
    form = {name: value for name, value in sent.items() if isinstance(value, str)}
    return await site.aside(work, site, request, form)


def _guarded(site: ViewerSite) -> Middleware:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := site.guard.refusal(request):
            response: web.StreamResponse = site.trouble("This page is not yours to read", why, status=403)
        elif site.guard.brings_token(request) and request.method == "GET":
            # A page and no redirect: the cookie is not sent along with a redirect that began on another site.
            response = site.page("welcome.html", to=_without_token(request))
            site.guard.keep(response)
        else:
            response = await _answered(site, request, handler)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return guarded


def _without_token(request: web.Request) -> str:
    """Return the address that a request names on this viewer, without the token."""
    rest = urlencode([(name, value) for name, value in request.query.items() if name != "token"])
    return f"/{quote(request.path.lstrip('/'))}" + (f"?{rest}" if rest else "")


async def _answered(site: ViewerSite, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except MissingError as error:
        return site.trouble("Not here", str(error), status=404)
    except JudgebenchError as error:
        return site.failed(error)
    except web.HTTPException as error:
        if error.status < 400:
            return error
        return site.trouble("Not here", f"There is no such page ({error.status} {error.reason}).", status=error.status)
    except Exception:  # one page that fails must not end the viewer
        logger.exception("The page %s failed", request.path)
        return site.trouble(
            "A mistake of this viewer", "The page could not be made; the terminal says why.", status=500
        )


async def serve(
    library: Library,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    ready: Callable[[str], None],
    stopped: asyncio.Event | None = None,
) -> None:
    """Serve until Ctrl-C, or until ``stopped`` is set.

    Args:
        library: The runs.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        ready: Is told the link, when it works.
        stopped: Ends the viewer when it is set.

    Raises:
        UsageError: Nothing can listen there.
    """
    guard = Guard(host=host)
    site = ViewerSite(library, guard)
    try:
        await listen(application(site), guard, host, port, lambda base: ready(f"{base}/?token={guard.token}"), stopped)
    finally:
        site.close()


async def listen(
    app: web.Application,
    guard: Guard,
    host: str,
    port: int,
    ready: Callable[[str], None],
    stopped: asyncio.Event | None = None,
    *,
    patience: float = 1.0,
) -> None:
    """Serve an application until Ctrl-C, or until ``stopped`` is set.

    Args:
        app: What answers.
        guard: Is told the port.
        host: Address to listen on.
        port: Port; 0 takes a free one.
        ready: Is told the address, without a slash at its end, when it works.
        stopped: Ends it when it is set.
        patience: Seconds for requests that are under way at the end.

    Raises:
        UsageError: Nothing can listen there.
    """
    stopped = stopped or asyncio.Event()
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=patience, logger=_requests_log()
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UsageError(
                f"Nothing can listen on {host}:{port}: {error.strerror or error}.",
                hint="Leave --port out to take a free one.",
            ) from error
        bound = int(runner.addresses[0][1])
        guard.listens_on(bound)
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():  # signals reach no other
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stopped.set)
        shown = LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        ready(f"http://{f'[{shown}]' if ':' in shown else shown}:{bound}")
        await stopped.wait()
    finally:
        await runner.cleanup()


def _requests_log() -> logging.Logger:
    """Return where the server says what went wrong with a request: of one that is no HTTP, nothing."""
    log = logging.getLogger(f"{__name__}.requests")
    if not log.filters:
        log.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))
    return log


def library_of(folders: list[Path]) -> Library:
    """Return the runs of folders that a command line names.

    Raises:
        ReuseError: A place is no folder.
        DiskError: It cannot be looked through.
    """
    try:
        return Library(folders)
    except OSError as error:
        raise DiskError(f"{folders[0]} cannot be read: {error.strerror or error}.") from error

"""Bytes that are served as they are: the viewer's own two files, and the attachments of a run."""

from __future__ import annotations

from aiohttp import web

from judgebench.content.attachments import Attachments
from judgebench.content.image_files import image_type
from judgebench.errors import JudgebenchError
from judgebench.viewer.library import links_in
from judgebench.viewer.site import HERE, MissingError, ViewerSite

_STATIC = {"style.css": "text/css", "viewer.js": "text/javascript", "icon.svg": "image/svg+xml"}
_SANDBOX = "default-src 'none'; sandbox"


def static(_site: ViewerSite, request: web.Request) -> web.Response:
    """Return one of the viewer's own files.

    Raises:
        MissingError: There is no such file.
    """
    return own_file(request.match_info["name"])


def icon(_site: ViewerSite, _request: web.Request) -> web.Response:
    """Return the icon to a browser that looks for it in the usual place."""
    return own_file("icon.svg")


def own_file(name: str) -> web.Response:
    """Return one of the viewer's own files, by its name.

    Raises:
        MissingError: There is no such file.
    """
    if name not in _STATIC:
        raise MissingError("There is no such file.")
    response = web.Response(body=(HERE / "static" / name).read_bytes(), content_type=_STATIC[name], charset="utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


def attachment(site: ViewerSite, request: web.Request) -> web.Response:
    """Return an attachment of a run: an image as the image that its bytes are, all else as a file to keep.

    SVG and HTML are texts that a browser would run, so they are never shown as themselves.

    Raises:
        MissingError: There is none of that name, or it is not what its name says.
    """
    run = site.run(request)
    name = request.match_info["sha256"]
    if links_in(run.folder):
        raise MissingError("The run folder holds symbolic links, so nothing is served out of it.")
    try:
        data = Attachments(run.folder / "attachments").read(name)
    except JudgebenchError as error:
        raise MissingError(error.message) from error
    kind = image_type(data)
    response = web.Response(body=data, content_type=kind or "application/octet-stream")
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Content-Disposition"] = "inline" if kind else f'attachment; filename="{name[:16]}.bin"'
    return response

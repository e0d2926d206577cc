"""Debian's chromium over the DevTools protocol: as much of it as the tests of the viewer need."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
PICTURES = os.environ.get("JB_PICTURES", "")
"""Folder of the docs, where their pictures are to be made anew; empty in all other tests."""
_NOTE_LEAVING = """
addEventListener('pageshow', () => { window.leaving = false });
navigation.addEventListener('navigate', one => {
  if (!one.destination.sameDocument && one.downloadRequest === null) window.leaving = true;
});
"""
"""A key or a click may load another page: until that is there, the next key would go to the old one."""
_SETTLED = "document.readyState === 'complete' && !window.leaving"
_KEYS = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Tab": 9}


class Page:
    """One page of a browser; every call waits for its answer.

    Attributes:
        errors: What the page's scripts have thrown, and what its policy has blocked.
        dialogs: What was shown by ``alert``: something hostile ran.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop = loop
        self._socket = socket
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        return self._loop.run_until_complete(self._send(method, params))

    async def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await asyncio.wait_for(self._socket.receive_json(), 200)
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            await self._event(message)

    async def _event(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params)[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            await self._socket.send_json(
                {"id": next(self._numbers), "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
            )

    def goto(self, address: str) -> None:
        """Open an address and wait until the page is there."""
        self.send("Page.navigate", url=address)
        self.settled()

    def settled(self, seconds: float = 200) -> None:
        """Wait until the page is loaded."""
        time.sleep(0.05)
        self.until(_SETTLED, seconds)

    def evaluate(self, script: str) -> Any:
        """Return what an expression is in the page."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(f"{script}: {json.dumps(found['exceptionDetails'])[:600]}")
        return found["result"].get("value")

    def until(self, script: str, seconds: float = 200) -> None:
        """Wait until an expression holds."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self.evaluate(f"{_SETTLED} && ({script})"):
                    return
            except AssertionError:  # the page is just being exchanged
                pass
            assert time.monotonic() < end, f"{script} did not come to hold; the page says: {self.text()[:2000]}"
            time.sleep(0.03)

    def text(self, selector: str = "body") -> str:
        """Return what a reader sees of an element."""
        return str(self.evaluate(f"(document.querySelector({json.dumps(selector)})||{{innerText:''}}).innerText"))

    def address(self) -> str:
        """Return the address of the page."""
        return str(self.evaluate("location.pathname + location.search"))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            code = _KEYS.get(key, ord(key[0].upper()))
            text = {} if len(key) > 1 else {"text": key}
            if key == "Enter":
                text = {"text": "\r"}
            self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
            self.settled()

    def type(self, text: str) -> None:
        """Write a text into the field that has the focus."""
        self.send("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click the first element that a selector finds."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        self.settled()

    def theme(self, name: str) -> None:
        """Take the light or the dark theme."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def size(self, width: int, height: int) -> None:
        """Set the size of the window."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, path: Path, *, format: str = "png") -> None:
        """Write what is seen to a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        extra = {"quality": 70} if format != "png" else {}
        found = self.send("Page.captureScreenshot", format=format, **extra)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with one empty page; its files are in a folder of its own."""
    process = subprocess.Popen(
        [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--hide-scrollbars", "--no-proxy-server", "--remote-debugging-port=0",
            f"--user-data-dir={folder}", "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    session = None
    try:
        port = _port(folder / "DevToolsActivePort", process)
        session, socket = loop.run_until_complete(_page(port))
        page = Page(loop, socket)
        for domain in ("Page", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        page.send("Page.addScriptToEvaluateOnNewDocument", source=_NOTE_LEAVING)
        page.size(1280, 900)
        yield page
    finally:
        process.terminate()
        process.wait(200)
        if session is not None:
            loop.run_until_complete(session.close())
        loop.close()


def _port(path: Path, process: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + 200
    while not path.exists() or "\n" not in path.read_text():
        assert process.poll() is None, "chromium has ended"
        assert time.monotonic() < end, "chromium did not begin"
        time.sleep(0.05)
    return int(path.read_text().splitlines()[0])


async def _page(port: int) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    session = aiohttp.ClientSession()
    while True:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [one for one in await answer.json() if one["type"] == "page"]
        if pages:
            return session, await session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
        await asyncio.sleep(0.05)

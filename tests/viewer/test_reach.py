"""Who is answered, what may be named, and what a hostile or damaged folder can do."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from judgebench.cli.view import run as view_command
from judgebench.errors import MissingExtraError
from judgebench.viewer.guard import POLICY
from tests.e2e.harness import JB, environment, run
from tests.viewer.conftest import Viewing, viewing
from tests.viewer.stand import png


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode("utf-8", "replace")


def fetch(view: Viewing, path: str, *, method: str = "GET", known: bool = True, **options: Any) -> Answer:
    """Send one request; with the cookie unless it is not to be known."""

    async def ask() -> Answer:
        cookies = {f"jb_viewer_{view.base.rpartition(':')[2]}": view.token} if known else {}
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            aiohttp.ClientSession(cookies=cookies, cookie_jar=jar) as session,
            session.request(method, yarl(view.base + path), allow_redirects=False, **options) as answer,
        ):
            return Answer(answer.status, answer.headers, await answer.read())

    return asyncio.run(ask())


def yarl(address: str) -> Any:
    from yarl import URL

    return URL(address, encoded=True)


def test_the_link_opens_and_hands_out_a_cookie(viewer: Viewing) -> None:
    answer = fetch(viewer, f"/?token={viewer.token}", known=False)
    assert answer.status == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert 'content="0;url=/"' in answer.text  # and the token goes out of the address
    assert viewer.token not in answer.text
    assert fetch(viewer, "/").status == 200


@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=wrong", "/runs/x/items", "/compare", "/nothing", "/?token=%ff"]
)
def test_nobody_else_is_answered(viewer: Viewing, path: str) -> None:
    answer = fetch(viewer, path, known=False)
    assert answer.status == 403
    assert "Open the link that jb view printed" in answer.text
    assert "tanks" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""]
)
def test_the_host_must_be_exact(viewer: Viewing, host: str) -> None:
    port = viewer.base.rpartition(":")[2]
    answer = fetch(viewer, "/", headers={"Host": host.format(port=port)})
    assert answer.status in {400, 403}
    assert "tanks" not in answer.text
    assert fetch(viewer, "/", headers={"Host": f"localhost:{port}"}).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_origin_must_be_exact(viewer: Viewing, origin: str, method: str) -> None:
    port = viewer.base.rpartition(":")[2]
    assert fetch(viewer, "/", method=method, headers={"Origin": origin.format(port=port)}).status == 403


def test_nothing_is_changed_without_an_origin(viewer: Viewing) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert fetch(viewer, "/", method=method).status == 403


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"who=\xff"),
        ("application/x-www-form-urlencoded; charset=utf-99", b"who=a"),
        ("multipart/form-data", b"who"),
        ("multipart/form-data; boundary=x", b"--x\r\nwho"),
    ],
)
def test_a_form_that_cannot_be_read_is_no_mistake_of_the_viewer(
    viewer: Viewing, runs: list[Path], kind: str, body: bytes
) -> None:
    headers = {"Origin": viewer.base, "Content-Type": kind}
    answer = fetch(viewer, f"/runs/{runs[0].name}/labels", method="POST", data=body, headers=headers)
    assert answer.status == 422
    assert "The form cannot be read" in answer.text


def test_every_answer_has_the_policy(viewer: Viewing, runs: list[Path]) -> None:
    for path in ("/", f"/runs/{runs[0].name}", f"/runs/{runs[0].name}/items", "/nothing", "/static/viewer.js"):
        headers = fetch(viewer, path).headers
        assert headers["Content-Security-Policy"] == POLICY, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py", "/static/..%2fserver.py", "/static/%2e%2e/server.py", "/static/server.py",
        "/runs/..", "/runs/%2e%2e", "/runs/..%2f..%2fetc", "/runs/%2fetc", "/runs/{run}/../../etc/passwd",
        "/runs/{run}/attachments/..%2f..%2frun.json", "/runs/{run}/attachments/" + "0" * 64,
        "/runs/{run}/attachments/%00", "/runs/{run}/items/..%2f..%2fetc/passwd/0/0",
        "/runs/{run}/items/south-7b/..%2f..%2fsecret/0/0", "/runs/{run}/items/south-7b/tanks-quill/99999/0",
        "/runs/{run}/items/south-7b/tanks-quill/-1/x", "/runs/{run}/items/south-7b/tanks-quill/99999999999999999999/0",
    ],
)  # fmt: skip
def test_addresses_name_nothing_outside(viewer: Viewing, runs: list[Path], path: str) -> None:
    answer = fetch(viewer, path.format(run=runs[0].name))
    assert answer.status in {404, 422}, answer.text
    assert "root:" not in answer.text
    assert "Traceback" not in answer.text


@pytest.fixture
def copy(runs: list[Path], tmp_path: Path) -> Path:
    """A run to spoil."""
    folder = tmp_path / "spoilt" / runs[0].name
    shutil.copytree(runs[0], folder)
    return folder


def put(run: Path, data: bytes) -> str:
    name = hashlib.sha256(data).hexdigest()
    (run / "attachments" / name[:2]).mkdir(parents=True, exist_ok=True)
    (run / "attachments" / name[:2] / name).write_bytes(data)
    return name


def test_attachments_have_fixed_types(copy: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    html = b"<!doctype html><script>alert(1)</script>"
    names = {kind: put(copy, data) for kind, data in {"svg": svg, "html": html, "png": png()}.items()}
    changed = put(copy, b"GIF89a what was there")
    (copy / "attachments" / changed[:2] / changed).write_bytes(b"GIF89a something else")
    with viewing(copy) as view:
        at = f"/runs/{copy.name}/attachments/"
        for kind in ("svg", "html"):
            answer = fetch(view, at + names[kind])
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        answer = fetch(view, at + names["png"])
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.body == png()
        assert fetch(view, at + changed).status == 404


@pytest.mark.parametrize("part", ["predictions", "verdicts", "attachments", "summary", "predictions/south-7b"])
def test_links_are_not_followed(copy: Path, tmp_path: Path, part: str) -> None:
    outside = tmp_path / "outside"
    if (copy / part).exists():
        (copy / part).rename(outside)
    else:
        outside.mkdir()
    (copy / part).symlink_to(outside)
    name = put(outside, b"secret") if part == "attachments" else ""
    with viewing(copy.parent) as view:
        page = fetch(view, f"/runs/{copy.name}")
        assert page.status == 200
        assert f"{part} is a symbolic link" in page.text
        items = fetch(view, f"/runs/{copy.name}/items")
        assert items.status == 404
        assert "tank-00" not in items.text
        if name:
            assert fetch(view, f"/runs/{copy.name}/attachments/{name}").status == 404


def test_a_linked_file_is_not_read(copy: Path, tmp_path: Path) -> None:
    path = copy / "predictions" / "south-7b" / "tanks.jsonl"
    path.rename(tmp_path / "outside.jsonl")
    path.symlink_to(tmp_path / "outside.jsonl")
    with viewing(copy) as view:
        assert fetch(view, f"/runs/{copy.name}").status == 200
        item = fetch(view, f"/runs/{copy.name}/items/south-7b/tanks-quill/1/0")
        assert "does not hold the answer" in item.text


@pytest.mark.parametrize("name", ["run.json", "summary", "verdicts", "results", "configs", "predictions", "all"])
@pytest.mark.parametrize("how", ["gone", "rubbish"])
def test_a_damaged_run_is_shown_as_far_as_it_can_be_read(copy: Path, name: str, how: str) -> None:
    """Whatever is missing or rubbish: no page breaks, and what is missing is told."""
    parts = ["summary", "verdicts", "results", "configs", "predictions"] if name == "all" else [name]
    for part in parts:
        files = [copy / part] if (copy / part).is_file() else [one for one in (copy / part).rglob("*") if one.is_file()]
        for path in files:
            if how == "gone":
                path.unlink()
            else:
                path.write_bytes(b'{"half of a rec\n\xff\xfe\x00[[[[[' * 3)
    with viewing(copy.parent) as view:
        listed = fetch(view, "/")
        assert copy.name in listed.text
        for path in ("", "/items", "/config", "/items/south-7b/tanks-quill/1/0"):
            answer = fetch(view, f"/runs/{copy.name}{path}")
            assert answer.status in {200, 404, 422}, path
        if name in {"run.json", "results", "all"} and how == "rubbish":
            assert "Not all of this folder can be read" in fetch(view, f"/runs/{copy.name}").text


def test_a_foreign_folder_and_a_newer_format_are_told(tmp_path: Path, copy: Path) -> None:
    (tmp_path / "spoilt" / "foreign" / "predictions").mkdir(parents=True)
    (tmp_path / "spoilt" / "foreign" / "predictions" / "x.jsonl").write_text("{}\n")
    manifest = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(manifest | {"format": 99}))
    with viewing(tmp_path / "spoilt") as view:
        assert fetch(view, "/").status == 200
        assert "run.json" in fetch(view, "/runs/foreign").text
        assert "a newer version of jb" in fetch(view, f"/runs/{copy.name}").text
        assert fetch(view, f"/runs/{copy.name}/items").status == 422


def test_a_folder_without_runs_says_what_to_do(tmp_path: Path) -> None:
    with viewing(tmp_path) as view:
        assert "There is no run here yet" in fetch(view, "/").text


def test_another_host_must_be_meant(tmp_path: Path) -> None:
    done = run([*JB, "view", str(tmp_path), "--host", "0.0.0.0"], tmp_path)
    assert done.code == 2
    assert "--i-know" in done.err
    assert "not encrypted" in done.err
    for word in ("nothing_here", "20200101_000000"):
        done = run([*JB, "view", word], tmp_path)
        assert done.code == 2, done.text
        assert "Traceback" not in done.text


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "nh3" else real(name, *rest))
    with pytest.raises(MissingExtraError) as caught:
        view_command([str(tmp_path)])
    assert "nh3" in caught.value.message
    assert "judgebench[view]" in caught.value.hint


def test_ctrl_c_ends_it_cleanly(runs: list[Path]) -> None:
    process = subprocess.Popen(
        [*JB, "view", str(runs[0])], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0
    assert "Traceback" not in out + err

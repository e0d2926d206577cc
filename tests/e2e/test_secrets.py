"""A key never reaches the disk, a log, an error, a command line, or the terminal."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from judgebench.testing.faultservice import Fault, Seen, http_status
from tests.e2e.echoing import WAYS, EchoingService
from tests.e2e.harness import JB, Bench, run, wait_until

KEY = f"sk-test-{secrets.token_hex(5)}"
"""Drawn anew, as the command lines of all processes are looked at: this test may run twice on a machine."""


def files_with(folder: Path, key: str) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_a_literal_key_is_found_nowhere_in_a_run_with_failures(bench: Bench) -> None:
    bench.model.api_key = bench.judge.api_key = KEY
    bench.model_keys = {"api_key": KEY, "headers": {"X-Token": KEY}}
    bench.judge_keys = {"api_key": KEY}
    bench.write()
    bench.judge.set_faults(lambda seen: "500" if "twice 1" in str(seen.body) else None)
    commands: set[str] = set()
    process = bench.start()
    wait_until(lambda: watch(commands) or process.poll() is not None)
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 4, out
    assert bench.result()["counts"]["ok"] == 5
    assert KEY not in out
    assert not any(KEY in command for command in commands)
    assert files_with(bench.folder / "outputs", KEY) == []
    for flags in (("--dry-run",), ("--reuse", "--debug"), ("--show", "toy_model")):
        assert KEY not in bench.jb(*flags).text
    assert files_with(bench.folder / "outputs", KEY) == []


def watch(commands: set[str]) -> bool:
    """Collect the command lines of all processes."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                commands.add((entry / "cmdline").read_bytes().decode(errors="replace"))
            except OSError:
                continue
    return False


def test_a_key_from_the_environment_is_named_but_not_told(bench: Bench) -> None:
    bench.model.api_key = KEY
    bench.model_keys = {"api_key": "${TOY_KEY}"}
    bench.write()
    missing = bench.jb()
    assert missing.code == 3, missing.text
    assert "TOY_KEY" in missing.text
    done = bench.jb(env={"TOY_KEY": KEY})
    assert done.code == 0, done.text
    assert files_with(bench.folder / "outputs", KEY) == []


def test_a_wrong_key_stops_the_run_with_one_sentence(bench: Bench) -> None:
    bench.model.api_key = KEY
    bench.write()
    done = bench.jb("--no-preflight")
    assert done.code == 3, done.text
    assert "401" in done.text
    assert len(bench.model.requests) <= 6


def test_a_key_that_the_service_repeats_is_not_told_not_even_half_of_it(bench: Bench) -> None:
    """Messages are cut to a length; a key that stands where they are cut would leave its first half."""
    bench.model_keys = bench.judge_keys = {"api_key": KEY}
    bench.n = 10
    bench.write()
    lengths = (0, 280, 290, 296, 299)
    said = [http_status(400, message=f"{'y' * length}{KEY} is not allowed that") for length in lengths]

    def fault(seen: Seen) -> Fault | None:
        """The model refuses the first half of the questions, the judge the answers to the others."""
        found = re.findall(r"twice (\d+)", seen.prompt)
        number = int(found[-1]) if found else 7
        return said[number % 5] if seen.body["model"] == "j" or number < 5 else None

    bench.model.set_faults(fault)
    bench.judge.set_faults(fault)
    refused = bench.jb()
    assert refused.code == 3, refused.text
    assert KEY[:7] not in refused.text
    done = bench.jb("--go-on")
    assert done.code == 4, done.text
    assert KEY[:7] not in done.text
    assert bench.result()["counts"]["prediction_failed"] == bench.result()["counts"]["judge_failed"] == 5
    bench.model.set_faults(lambda seen: http_status(401, message=f"{'y' * 290}{KEY}"))
    for flags in ((), ("--no-preflight",)):
        done = bench.jb(*flags)
        assert done.code == 3, done.text
        assert KEY[:7] not in done.text
    assert files_with(bench.folder / "outputs", KEY[:7]) == []


def read_beside(process: subprocess.Popen[str], look: Callable[[], object]) -> str:
    """Return what a process prints, while something is looked at until its end."""
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(process.communicate(timeout=200)[0]), daemon=True)
    reader.start()
    while reader.is_alive():
        look()
        reader.join(0.1)
    return said[0]


def planted(name: str) -> str:
    """A key to be found again by ``CORE``, whose beginning says where it was planted."""
    return f"sk-{name}-{CORE}/+x"


CORE = secrets.token_hex(8)


def keys_of_everything(url: str, *, userinfo: bool) -> dict[str, Any]:
    """A secret in every place of a service's config that may hold one; user and password instead of a key."""
    user = f"me:{quote(planted('userinfo'), safe='')}@" if userinfo else ""
    return {
        "model": "",
        "url": url.replace("://", f"://{user}") + f"/sk-path-{CORE}",
        "api_key": "" if userinfo else planted("api"),
        "headers": {
            "X-Auth": f"id=7; key={planted('pair')}",
            "Cookie": f"session={planted('cookie')}",
            "X-Plain": planted("plain"),
            "X-Token": f"Token {planted('scheme')}",
            "X-Basic": "Basic " + base64.b64encode(f"me:{planted('basic')}".encode()).decode(),
        },
        "generation_kwargs": {
            "temperature": 0.5,
            "api_key": planted("kwargs"),
            "user": planted("user"),
            "extra_headers": {"Authorization": f"Bearer {planted('extra-headers')}"},
            "extra_body": {"deep": [{"secret": planted("extra-body")}]},
        },
        "batch_size": 1,
    }


def through_proxy(service: EchoingService) -> dict[str, str]:
    """The variables of a proxy with a password, which is the service itself."""
    proxy = f"http://someone:{quote(planted('proxy'), safe='')}@127.0.0.1:{service.port}"
    return {"http_proxy": proxy, "HTTP_PROXY": proxy, "NO_PROXY": "", "no_proxy": ""}


def leaks(text: str | bytes) -> list[str]:
    """What of the planted secrets a text holds, with what stands before it."""
    as_text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    found = [as_text[max(0, one.start() - 60) : one.end()] for one in re.finditer(f"{CORE[:8]}", as_text)]
    for word in re.findall(r"[A-Za-z0-9+/]{16,}", as_text):
        with contextlib.suppress(ValueError):
            if CORE.encode() in base64.b64decode(word[: len(word) // 4 * 4], validate=True):
                found.append(word)
    return found


def leaks_in(*folders: Path) -> dict[str, list[str]]:
    """What the files of folders hold of them, log files of launched programs aside."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {
        str(path): found
        for path in files
        if path.parent.name != "services" and (found := [*leaks(path.read_bytes()), *leaks(str(path))])
    }


def test_a_secret_in_any_place_comes_back_in_any_place_and_is_found_nowhere(bench: Bench) -> None:
    ways = list(WAYS)
    bench.n = len(ways)
    with EchoingService(lambda number: ways[number % len(ways)]) as service:
        url = f"http://127.0.0.1:{service.port}"
        bench.model_keys = {**keys_of_everything(url, userinfo=False), "stream": False}
        bench.judge_keys = {**keys_of_everything(url, userinfo=True), "model": "m", "stream": True}
        bench.judge_keys |= {"batch_size": 2, "senders": 2}  # processes of their own send and receive
        bench.write()
        cache = bench.folder / "cache"
        env = through_proxy(service)
        override = f"models.toy-model.headers.X-Override={planted('override')}"
        merged = f"--override=judges.judge.generation_kwargs={{'deep': {{'api_key': '{planted('joined')}'}}}}"
        commands: set[str] = set()
        for flags in (
            ("--dry-run",),
            ("--go-on", "--cache", str(cache), "--dump-eval-details", "--override", override),
            ("--debug", "--no-preflight", "--num-prompts", "12", merged),
            (
                *("--go-on", "--json", "--num-prompts", "2", "--max-fail-rate", "0.1", "--num-warmups", "1"),
                *("--cache", str(cache)),
            ),
        ):
            process = bench.start(*flags, env=env)
            out = read_beside(process, lambda: watch(commands))
            assert leaks(out.replace(override, "").replace(merged, "")) == [], flags
            assert process.returncode in {0, 4}, out
        assert service.ways == set(WAYS)
        sent = "\n".join(service.seen)
        for name in ("api", "pair", "cookie", "plain", "scheme", "basic", "kwargs", "user", "extra-headers",
                     "extra-body", "userinfo", "proxy", "override", "joined"):  # fmt: skip
            assert planted(name) in sent, name
        assert f"/sk-path-{CORE}" in sent
        own = [words for words in commands if leaks(words) and override not in words and merged not in words]
        assert own == []
        gate = run([*JB, "gate", "latest", "--min", "toy-judge.accuracy>=0", "--junit", "j.xml"], bench.folder, env=env)
        assert leaks(gate.text) == []
        for verb in (["show", "toy_model"], ["show", "toy_llmjudge"], ["--print-completion", "bash"]):
            assert leaks(run([*JB, *verb], bench.folder, env=env).text) == []
        assert leaks_in(bench.folder / "outputs", cache) == {}
        assert leaks((bench.folder / "j.xml").read_bytes()) == []


@pytest.mark.parametrize(
    ("way", "flags"),
    [
        ("400", ()),
        ("407", ()),
        ("407", ("--no-preflight",)),
        ("error inside", ()),
        ("no HTTP", ()),
        ("keys", ("--no-preflight",)),
    ],
)
def test_a_service_that_serves_nobody_tells_no_secret(bench: Bench, way: str, flags: tuple[str, ...]) -> None:
    with EchoingService(lambda number: way) as service:
        url = f"http://127.0.0.1:{service.port}"
        bench.model_keys = bench.judge_keys = keys_of_everything(url, userinfo="--no-preflight" in flags)
        bench.write()
        done = bench.jb("--debug", *flags, env=through_proxy(service))
        assert leaks(done.text) == []
        assert leaks_in(bench.folder / "outputs") == {}
        assert service.seen


@pytest.mark.parametrize("flags", [(), ("--no-preflight",)])
def test_a_key_in_the_query_of_an_address_is_found_nowhere(bench: Bench, flags: tuple[str, ...]) -> None:
    """Whether or not the service is reached in this way."""
    with EchoingService(lambda number: "text") as service:
        address = f"http://127.0.0.1:{service.port}/v1?api-version=1&code={quote(planted('query'), safe='')}"
        bench.model_keys = bench.judge_keys = {"model": "m", "url": address}
        bench.write()
        for more in (("--dry-run",), (), ("--reuse", "--debug")):
            done = bench.jb(*flags, *more)
            assert leaks(done.text) == [], done.text
        assert any(leaks(one) for one in service.seen), "the key was sent"
        assert leaks_in(bench.folder / "outputs") == {}


def test_a_launched_program_gets_its_own_keys_alone_and_what_it_prints_of_them_is_hidden(bench: Bench) -> None:
    (bench.folder / "serve.py").write_text(
        "import json, os, sys\n"
        "open('environment.json', 'w').write(json.dumps(dict(os.environ)))\n"
        "sys.exit(f'loading with {os.environ[\"SERVE_KEY\"]}: no weights')\n"
    )
    block = {
        "command": [sys.executable, "serve.py", "{port}"],
        "env": {"SERVE_KEY": planted("launch"), "LOGIN": planted("login"), "OMP_NUM_THREADS": "2"},
    }
    bench.judge_keys = {"api_key": planted("judge"), "headers": {"X-Other": planted("header")}}
    bench.write()
    path = bench.folder / "configs/models/toy_model.py"
    path.write_text(f"{path.read_text()}\ndel models[0]['url']\nmodels[0]['launch'] = {block!r}\n")
    done = bench.jb("--debug", env={"ORDINARY": "kept", "JB_SECRET_MINE": "not for others"})
    assert done.code == 3, done.text
    assert "loading with ***: no weights" in done.text
    got = json.loads((bench.folder / "environment.json").read_text())
    assert (got["SERVE_KEY"], got["LOGIN"], got["ORDINARY"]) == (planted("launch"), planted("login"), "kept")
    assert {name for name in got if name.startswith("JB_SECRET_")} == {
        "JB_SECRET_TOY_MODEL_SERVE_KEY",
        "JB_SECRET_TOY_MODEL_LOGIN",
    }
    assert leaks(done.text) == []
    assert leaks_in(bench.folder / "outputs") == {}


def test_another_key_asks_nothing_again(bench: Bench) -> None:
    def write(key: str) -> None:
        bench.model_keys = bench.judge_keys = {
            "api_key": key,
            "headers": {"X-Auth": key},
            "generation_kwargs": {"api_key": key, "extra_body": {"token": key, "top_k": 1}},
        }
        bench.write()

    write(planted("one"))
    assert bench.jb("--no-preflight").code == 0
    asked = len(bench.model.requests), len(bench.judge.requests)
    assert bench.model.requests[-1].body["extra_body"] == {"token": planted("one"), "top_k": 1}
    write(planted("two"))
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert (len(bench.model.requests), len(bench.judge.requests)) == asked
    assert leaks_in(bench.folder / "outputs") == {}


def test_an_answer_that_holds_a_placeholder_for_a_key_stays_as_it_is(bench: Bench) -> None:
    bench.model_keys = {"api_key": "EMPTY", "headers": {"Accept": "application/json", "X-Version": "2024-06-01"}}
    bench.write()
    said = "EMPTY application/json 2024-06-01"
    bench.model.answer = lambda body: said
    bench.jb("--mode", "infer")
    assert {row["prediction"] for row in bench.rows()} == {said}


@pytest.mark.parametrize("proxy", ["socks5://me:{}@127.0.0.1:9", "http://me:{}@127.0.0.1:port", "me:{}@127.0.0.1:9"])
@pytest.mark.parametrize("flags", [(), ("--no-preflight",)])
def test_a_proxy_that_cannot_be_used_tells_no_password(bench: Bench, proxy: str, flags: tuple[str, ...]) -> None:
    where = proxy.format(quote(planted("proxy"), safe=""))
    done = bench.jb("--debug", *flags, env={"http_proxy": where, "HTTP_PROXY": where, "NO_PROXY": "", "no_proxy": ""})
    assert done.code == 3, done.text
    assert "bug" not in done.text
    assert leaks(done.text) == []
    assert leaks_in(bench.folder / "outputs") == {}

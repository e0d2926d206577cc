"""The embedded model: the file is the one that was meant, the service answers, and always the same."""

from __future__ import annotations

import concurrent.futures
import json
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from judgebench.errors import ConfigError, LaunchError, MissingDataError, MissingExtraError
from judgebench.models.llama_cpp import LlamaCppServer, assembled_model, checked_model, file_sha256
from judgebench.models.postprocess import stripped
from judgebench.testing.faultservice import closed_port

from .conftest import PACKAGE, REPOSITORY, launch_block

SHOTS = "Q: What is the capital of Italy?\nA: Rome\n\nQ: How many legs has a horse?\nA: 4\n\n"
QUESTIONS = ["What is the capital of France?", "How many days has a week?", "Who wrote Romeo and Juliet?"]


def options() -> dict[str, Any]:
    return dict(launch_block()["options"])  # type: ignore[call-overload]


def ask(url: str, question: str, *, shots: str = SHOTS, model: str = "") -> dict[str, Any]:
    body = {
        "model": model or options()["alias"],
        "prompt": f"{shots}Q: {question}\nA:",
        "max_tokens": 6,
        "temperature": 0,
        "logprobs": 20,
        "stop": ["\n"],
    }
    request = urllib.request.Request(
        f"{url}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=200) as reply:
        return json.load(reply)["choices"][0]


@pytest.mark.local
def test_the_launched_service_answers_a_completion_with_logprobs(service: str) -> None:
    choice = ask(service, "What is the capital of France?")
    assert choice["text"].strip() == "Paris"
    first = choice["logprobs"]["content"][0]
    assert first["token"] == " Paris"
    assert len(first["top_logprobs"]) == 20
    assert all(entry["logprob"] <= 0 for entry in first["top_logprobs"])


@pytest.mark.local
def test_the_service_names_its_model_as_the_config_does(service: str) -> None:
    with urllib.request.urlopen(f"{service}/v1/models", timeout=60) as reply:
        assert json.load(reply)["data"][0]["id"] == options()["alias"]


@pytest.mark.local
def test_replies_do_not_depend_on_what_else_is_asked(service: str) -> None:
    alone = [ask(service, question)["logprobs"] for question in QUESTIONS]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda question: ask(service, question)["logprobs"], QUESTIONS[::-1] * 2))
    assert together == alone[::-1] * 2


@pytest.mark.local
def test_neither_order_nor_adapter_nor_start_of_others_changes_a_bit(service: str) -> None:
    """The start of a prompt is restored and adapters come and go; each reply still depends on its request alone."""
    longer = f"Some questions of a quiz.\n\n{SHOTS}"
    wanted = [
        (question, shots, model)
        for question in QUESTIONS
        for shots in ("", SHOTS, longer)
        for model in ("", "short-answer-judge")
    ]
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for seed in range(2):
        random.Random(seed).shuffle(wanted)
        for one in wanted:
            reply = ask(service, one[0], shots=one[1], model=one[2])
            assert found.setdefault(one, reply) == reply
    plain, adapted = found[QUESTIONS[0], SHOTS, ""], found[QUESTIONS[0], SHOTS, "short-answer-judge"]
    assert plain["logprobs"] != adapted["logprobs"], "the adapter is applied where it is named"


@pytest.mark.local
@pytest.mark.parametrize(
    ("question", "reference", "answer", "right"),
    [
        ("Which river flows through Rome?", "Tiber", "the River Tiber", True),
        ("Which river flows through Rome?", "Tiber", "It is the Arno.", False),
        ("How many strings has a guitar?", "6", "six strings", True),
        ("How many strings has a guitar?", "6", "four", False),
        ("Who discovered the moons of Jupiter?", "Galileo Galilei", "Galilei", True),
        ("Who discovered the moons of Jupiter?", "Galileo Galilei", "Johannes Kepler", False),
    ],
)
def test_the_judge_of_short_answers_tells_right_from_wrong(
    service: str, question: str, reference: str, answer: str, right: bool
) -> None:
    prompt = f"Question: {question}\nCorrect answer: {reference}\nGiven answer: {answer}\nCorrect:"
    body = {"model": "short-answer-judge", "prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": 50}
    request = urllib.request.Request(
        f"{service}/v1/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=200) as reply:
        first = json.load(reply)["choices"][0]["logprobs"]["content"][0]
    tops = {entry["token"]: entry["logprob"] for entry in first["top_logprobs"]}
    assert (tops[" yes"] > tops.get(" no", -100)) is right


@pytest.mark.local
def test_the_service_refuses_a_port_in_use_in_one_sentence(service: str, environment: dict[str, str]) -> None:
    command = LlamaCppServer().command(
        host="127.0.0.1", port=int(service.rpartition(":")[2]), options=options(), model_path=""
    )
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=REPOSITORY, timeout=200
    )
    assert done.returncode == 3
    assert "could not serve" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.local
def test_the_service_ends_with_the_process_that_started_it(
    tmp_path: Path, environment: dict[str, str], service: str
) -> None:
    port = closed_port()
    command = LlamaCppServer().command(host="127.0.0.1", port=port, options=options(), model_path="")
    parent = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", parent, *command],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=REPOSITORY,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        deadline = time.monotonic() + 200
        while not _answers(port):
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.1)
        process.kill()
    deadline = time.monotonic() + 60
    while _is_alive(pid):
        assert time.monotonic() < deadline, "the service outlived the process that started it"
        time.sleep(0.1)
    assert not _answers(port)


@pytest.mark.local
def test_a_model_file_with_another_hash_is_refused(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_CACHE_DIR", str(cache_folder / "other"))
    wrong = "0" * 64
    with pytest.raises(LaunchError, match=f"{PACKAGE}.*has the sha256 {options()['sha256']}, but .* is {wrong}"):
        assembled_model(PACKAGE, wrong)
    assert not list((cache_folder / "other" / "models").glob("*.gguf"))
    assert not list((cache_folder / "other" / "models").glob("*.partial"))


@pytest.mark.local
def test_a_damaged_model_file_is_put_together_again(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_CACHE_DIR", str(cache_folder / "damaged"))
    sha256 = options()["sha256"]
    model = assembled_model(PACKAGE, sha256)
    assert file_sha256(model) == sha256
    with model.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    assert file_sha256(assembled_model(PACKAGE, sha256)) == sha256


def test_a_users_own_model_file_is_checked_too(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF and so on")
    assert checked_model(own, file_sha256(own)) == own
    assert checked_model(own, "") == own
    with pytest.raises(LaunchError, match=r"own\.gguf has the sha256"):
        checked_model(own, "f" * 64)


def test_a_users_own_model_file_is_served_without_the_package(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"")
    if not _installed("xllamacpp"):
        pytest.skip("the extra `local` is not installed")
    command = LlamaCppServer().command(host="::1", port=9, options={"context": 4096}, model_path=str(own))
    assert command[command.index("--model") + 1] == str(own)
    assert command[command.index("--context") + 1] == "4096"
    assert "--package" not in command


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(MissingDataError, match=r"no model file ./nowhere/a\.gguf"):
        LlamaCppServer().command(host="127.0.0.1", port=1, options={}, model_path="/nowhere/a.gguf")


def test_a_missing_package_names_the_extra() -> None:
    with pytest.raises(MissingExtraError) as caught:
        LlamaCppServer().command(host="127.0.0.1", port=1, options={"package": "no_such_model_package"}, model_path="")
    assert "judgebench[local]" in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"pakage": "x"}, {"package": "x", "slots": "two"}, {}], ids=["unknown key", "wrong type", "no model"]
)
def test_options_that_cannot_be_used_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"launch\.options"):
        LlamaCppServer().command(host="127.0.0.1", port=1, options=wrong, model_path="")


@pytest.mark.local
def test_the_licence_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_CACHE_DIR", str(tmp_path))

    def told(licence: str) -> str:
        launcher = LlamaCppServer()
        launcher.command(host="127.0.0.1", port=1, options={**options(), "licence": licence}, model_path="")
        return launcher.notice()

    terms = options()["licence"]
    assert "ai.google.dev/gemma/terms" in terms
    assert told(terms) == terms
    assert told(terms) == ""
    assert told("other terms") == "other terms", "changed terms are told again"


@pytest.mark.local
def test_a_users_own_model_brings_no_licence_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JB_CACHE_DIR", str(tmp_path / "cache"))
    own = tmp_path / "own.gguf"
    own.write_bytes(b"")
    launcher = LlamaCppServer()
    launcher.command(host="127.0.0.1", port=1, options=options(), model_path=str(own))
    assert launcher.notice() == ""
    assert not (tmp_path / "cache").exists()


def test_an_answer_loses_the_space_that_a_completion_starts_with() -> None:
    assert stripped(" Paris\n") == "Paris"
    assert stripped("New York") == "New York"


def _installed(name: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(name) is not None


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False

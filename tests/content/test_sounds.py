"""Sounds and videos by the same way as images: a service hears the sound that it is sent and answers from it."""

from __future__ import annotations

import base64
import io
import json
import math
import struct
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from judgebench.content.media import MediaSource
from judgebench.content.parts import Audio, Video
from judgebench.content.prompts import prompt_for, render
from judgebench.datasets.samples import samples_of
from judgebench.errors import ConfigError, DataError
from judgebench.models.access import model_config
from judgebench.models.gemini import GeminiChat
from judgebench.models.openai import on_the_wire
from judgebench.records.flow import Request
from judgebench.records.run import DatasetConfig, Options, Typed
from judgebench.testing.faultservice import FaultService, prompt_text
from tests.e2e.harness import Bench
from tests.e2e.test_images import check_no_base64, stored

RATE = 8000


def tone(hertz: int) -> bytes:
    """A quarter of a second of one tone, as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        samples = (int(20000 * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(RATE // 4))
        file.writeframes(b"".join(struct.pack("<h", one) for one in samples))
    return out.getvalue()


def pitch(data: bytes) -> int:
    """Return the pitch that a sound has: half the number of its changes of sign in a second."""
    with wave.open(io.BytesIO(data)) as file:
        frames = file.readframes(file.getnframes())
    samples = struct.unpack(f"<{len(frames) // 2}h", frames)
    changes = sum((one < 0) != (other < 0) for one, other in pairwise(samples))
    return round(changes * 2 / 20) * 20


def hears(body: dict[str, Any]) -> str:
    """A model, and a judge, that hear the sound of the question."""
    parts = [part for message in body["messages"] for part in message["content"] if isinstance(part, dict)]
    sounds = [part["input_audio"] for part in parts if part["type"] == "input_audio"]
    if not sounds:
        return "OK"
    assert sounds[0]["format"] == "wav"
    heard = pitch(base64.b64decode(sounds[0]["data"], validate=True))
    text = prompt_text(body)
    if "The answer:" not in text:
        return f"It has {heard + (20 if heard == 440 else 0)} Hz."
    return "VERDICT: A" if f"has {heard} Hz" in text else "VERDICT: B"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with FaultService(hears, model="m") as model, FaultService(hears, model="j") as judge:
        yield Bench(tmp_path, model, judge)


def test_a_sound_reaches_the_model_and_the_judge_and_stands_once_on_disk(bench: Bench) -> None:
    bench.write()
    for hertz in (220, 440, 880):
        (bench.folder / f"{hertz}.wav").write_bytes(tone(hertz))
    rows = [{"clip": "220.wav"}, {"clip": "440.wav"}, {"clip": base64.b64encode(tone(880)).decode()}]
    (bench.folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judge = {"model": "j", "url": bench.judge.url, "retry": 0}
    (bench.folder / "configs" / "datasets" / "toy_llmjudge.py").write_text(
        "from judgebench.datasets import JsonlDataset\nfrom judgebench.judges import DeclaredJudge\n"
        "from judgebench.models import VLLMCustomAPIChat\n"
        "clips_datasets = [dict(abbr='toy', type=JsonlDataset, path='clips.jsonl', input_columns=[],\n"
        "    audio_columns=['clip'], prompt=[dict(role='user', content='What pitch? {clip}')],\n"
        f"    judge_infer_cfg=dict(judge_model=dict(type=VLLMCustomAPIChat, abbr='judge', **{judge!r}),\n"
        "        method=dict(type=DeclaredJudge, presentations=[dict(prompt=[dict(role='user', content=[\n"
        "            dict(type='audio', audio='{clip}'), dict(type='text', text='The answer: {answer}')])])],\n"
        "            parser=dict(type='anchored', decisions=dict(A='correct', B='incorrect')),\n"
        "            aggregate=dict(type='first', unread='unparsed'))))]\n"
    )
    done = bench.jb("--no-preflight")
    assert done.code == 0, done.text
    assert bench.result()["metrics"]["accuracy"]["value"] == pytest.approx(200 / 3)
    assert {pitch(data) for data in stored(bench.run).values()} == {220, 440, 880}
    check_no_base64(bench.run)
    assert base64.b64encode(tone(880))[:60] not in (bench.run / "predictions/toy-model/toy.jsonl").read_bytes()


MP4 = b"\0\0\0\x18ftypmp42" + bytes(40)
WEBM = b"\x1a\x45\xdf\xa3" + bytes(20) + b"webm" + bytes(20)


def test_videos_and_sounds_are_known_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(MP4)
    rows = [{"question": "q", "clip": "a.mp4"}, {"question": "r", "clip": base64.b64encode(WEBM).decode()}]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    keys = {"path": str(tmp_path / "d.jsonl"), "input_columns": ["question"], "video_columns": ["clip"]}
    prompt = [{"role": "user", "content": [{"type": "video", "video": "{clip}"}, {"type": "text", "text": "?"}]}]
    data = DatasetConfig(abbr="d", loader=Typed(type="judgebench.datasets.JsonlDataset", options=keys), prompt=prompt)
    first, second = samples_of(data, Options())
    assert [type(one.fields["clip"]) for one in (first, second)] == [Video, Video]
    assert second.fields["clip"].media_type == "video/webm"
    shown = prompt_for(data, first, "chat")
    sha256 = first.fields["clip"].sha256
    (wire,) = on_the_wire(shown, {sha256: MP4})
    assert wire["content"][0]["video_url"]["url"].startswith("data:video/mp4;base64,")
    config = model_config({"type": "judgebench.models.gemini.GeminiChat", "abbr": "g", "model": "m"})
    body = GeminiChat().body(config, Request(prompt=shown, media={sha256: MP4}), "m")  # type: ignore[arg-type]
    assert body["contents"][0]["parts"][0]["inlineData"]["mimeType"] == "video/mp4"
    (tmp_path / "a.mp4").write_bytes(tone(220))
    with pytest.raises(DataError, match="the column 'clip' must hold a video, but its bytes are no MP4"):
        list(samples_of(data, Options()))


@pytest.mark.parametrize(
    ("data", "kind"),
    [(tone(220), "audio/wav"), (b"ID3\x04", "audio/mpeg"), (b"\xff\xfb\x90", "audio/mpeg"), (b"fLaC", "audio/flac")],
)
def test_the_bytes_of_a_sound_say_what_it_is(data: bytes, kind: str) -> None:
    source = MediaSource(value=data, folder="", place="d:1", column="clip", kind="audio")
    assert source.media_type(source.read()) == kind


def test_a_sound_is_no_image() -> None:
    sound = Audio(sha256="a" * 64, media_type="audio/wav")
    with pytest.raises(ConfigError, match="in a part of type 'image', and that field is no image"):
        render([{"role": "user", "content": [{"type": "image", "image": "{clip}"}]}], {"clip": sound})

"""One dataset in shards: within a run and over runs, with the same results, and killed in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from judgebench.errors import DataError, ReuseError
from judgebench.records.draws import Draw, DrawnAnswer
from judgebench.records.facts import Label
from judgebench.records.spending import Spending
from judgebench.session.merging import merge_runs
from judgebench.store.draws import read_draws, write_draw
from judgebench.store.labels import append_labels, read_labels
from judgebench.store.ledger import Ledger, LedgerEntry, read_ledger
from judgebench.store.run_folder import RunFolder
from judgebench.testing.faultservice import FaultService
from tests.e2e.harness import JB, Bench, judge_answer, model_answer, run, slower_after, wait_until
from tests.e2e.test_kills import processes_of

N = 20


@contextmanager
def stand(folder: Path) -> Iterator[Bench]:
    """Yield a benchmark of twenty questions."""
    with (
        FaultService(model_answer(lambda i: i % 3 == 0), model="m") as model,
        FaultService(judge_answer(), model="j") as judge,
    ):
        bench = Bench(folder, model, judge, n=N)
        bench.model_keys = bench.judge_keys = {"batch_size": 2}
        bench.write()
        yield bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A benchmark of its own."""
    with stand(tmp_path) as bench:
        yield bench


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run without shards says."""
    with stand(tmp_path_factory.mktemp("whole")) as bench:
        done = bench.jb("--no-preflight")
        assert done.code == 0, done.text
        return said(bench.run)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The runs of two shards, each in a folder of its own."""
    with stand(tmp_path_factory.mktemp("parts")) as bench:
        for index in range(2):
            done = bench.jb("--no-preflight", "--shard", f"{index}/2", "-w", f"parts/{index}")
            assert done.code == 0, done.text
        assert sorted(bench.asked()) == sorted(bench.judged()) == list(range(N))
        assert set(bench.asked().values()) == {1}
        yield bench


def said(folder: Path) -> dict[str, str]:
    """Return the newest summary in all its forms and the verdicts, with the times taken out."""
    manifest = json.loads((folder / "run.json").read_text())
    last = manifest["invocations"][-1]
    names = (Path(last["plan"]).stem, manifest["run"], Path(last["plan"]).stem[:15])
    found = {}
    newest = max((folder / "summary").glob("*.json")).stem
    for path in [*folder.glob(f"summary/{newest}.*"), *folder.glob("verdicts/*/*")]:
        text = path.read_text()
        for name in names:
            text = text.replace(name, "TIME")
        found[path.suffix if path.parent.name == "summary" else path.name] = text
    assert len(found) == 6
    return found


def test_a_run_in_shards_that_is_killed_and_goes_on_says_the_same(bench: Bench, whole: dict[str, str]) -> None:
    slower_after(8, bench.model)
    process = bench.fork("--no-preflight", "--shards", "3")

    def recorded() -> list[int]:
        paths = bench.folder.glob("outputs/default/*/shards/*/predictions/toy-model/toy.jsonl")
        lines = [line for path in paths for line in path.read_text().splitlines() if line.endswith("}")]
        return [json.loads(line)["id"] for line in lines]

    wait_until(lambda: len(recorded()) >= 8)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for task in (pid for pid, command in processes_of(bench.folder).items() if "judgebench" in command):
        os.kill(task, signal.SIGKILL)
    finished = recorded()
    bench.model.latency = 0.0
    done = bench.jb("--no-preflight", "--reuse")
    assert done.code == 0, done.text
    assert "continues with --shards 3 as before" in done.text
    assert "merge toy-model/toy-judge: finish 20/20" in done.text
    asked = bench.asked()
    assert set(asked) == set(range(N))
    assert not [number for number in finished if asked[number] > 1]
    assert set(bench.judged().values()) == {1}
    assert not (bench.run / "shards").exists()
    assert said(bench.run) == whole
    before = len(bench.model.requests) + len(bench.judge.requests)
    again = bench.jb("--no-preflight", "--reuse", "--shards", "2")  # nothing is left, in whatever parts
    assert again.code == 0, again.text
    assert len(bench.model.requests) + len(bench.judge.requests) == before
    assert said(bench.run) == whole


def test_runs_of_all_shards_are_merged_into_one_that_says_the_same(parts: Bench, whole: dict[str, str]) -> None:
    before = len(parts.model.requests) + len(parts.judge.requests)
    done = run([*JB, "merge", "parts/1", "parts/0"], parts.folder)
    assert done.code == 0, done.text
    assert said(parts.run) == whole
    again = run([*JB, "--reuse"], parts.folder)
    assert again.code == 0, again.text
    assert len(parts.model.requests) + len(parts.judge.requests) == before


def refused(*folders: Path, work_dir: Path) -> str:
    """Return why runs are not merged; nothing is left of the attempt."""
    with pytest.raises(ReuseError) as caught:
        merge_runs([str(folder) for folder in folders], work_dir)
    assert not work_dir.exists() or not list(work_dir.iterdir())
    return caught.value.message


def test_what_does_not_make_a_whole_is_refused_in_one_sentence(parts: Bench, tmp_path: Path) -> None:
    first, second = (next((parts.folder / f"parts/{index}").glob("2*")) for index in range(2))
    target = tmp_path / "merged"
    assert "Of 2 shards 1 is missing: 1/2." in refused(first, work_dir=target)
    assert "overlap: both are the shard 1/2" in refused(second, first, second, work_dir=target)

    def changed(name: str, old: str, new: str) -> Path:
        folder = tmp_path / f"changed-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(second, folder)
        for path in folder.glob(name):
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        return folder

    other = changed("configs/identity/*/toy.json", '"model.model": "m"', '"model.model": "m2"')
    assert 'different settings (toy-model/toy: model.model: "m" -> "m2")' in refused(first, other, work_dir=target)
    other = changed("configs/2*.json", '"toy-model"', '"toy-2"')
    assert "models: toy-model -> toy-2" in refused(first, other, work_dir=target)
    other = changed("configs/2*.json", '"shard": "1/2"', '"shard": "1/3"')
    assert "different numbers of parts" in refused(first, other, work_dir=target)
    other = changed("configs/2*.json", '"shard": "1/2"', '"shard": ""')
    assert "is of all items and not of a shard" in refused(first, other, work_dir=target)
    (torn,) = (other := changed("configs/2*.json", '"1/2"', '"1/2"')).glob("predictions/*/toy-judge.jsonl")
    torn.write_text("".join(torn.read_text().splitlines(keepends=True)[:-1]))
    assert f"The shard 1/2 in {other} is not finished: toy-model/toy-judge" in refused(first, other, work_dir=target)
    other = changed("predictions/*/toy.jsonl", '"uid":"', '"uid":"')
    answers = next(other.glob("predictions/*/toy.jsonl"))
    uid = json.loads(answers.read_text().splitlines()[0])["uid"]
    answers.write_text(answers.read_text().replace(uid, f"{int(uid, 16) ^ 1:016x}"))  # of the other shard, then
    assert f"is in {answers}, but it does not belong to the shard 1/2" in refused(first, other, work_dir=target)


def test_shards_of_different_data_are_refused_and_labels_of_each_are_kept(parts: Bench, tmp_path: Path) -> None:
    """A row that changed between two shards is in neither of them, or is what it was before."""
    folders = [tmp_path / "parts" / str(index) for index in range(2)]
    for index, folder in enumerate(folders):
        shutil.copytree(next((parts.folder / f"parts/{index}").glob("2*")), folder)
        label = Label(answer_hash="a" * 32, id=index, annotator="ann", decision="correct")
        append_labels(folder / "labels/toy.jsonl", [label])
    with (folders[0] / "labels/toy.jsonl").open("ab") as file:
        file.write(b'{"answer_hash": "torn')
    data = parts.folder / "toy.jsonl"
    before = data.read_text()
    try:
        with contextlib.chdir(parts.folder):
            data.write_text(before)  # another time of writing, as on another machine, says nothing
            merged = merge_runs([str(folder) for folder in folders], tmp_path / "merged")
            assert [label.id for label in read_labels(merged.labels("toy"))] == [0, 1]
            for changed in (before.replace("twice 3?", "twice 3 ?"), before.replace("twice 4?", "twice 4 ?")):
                data.write_text(changed)
                said = refused(*folders, work_dir=tmp_path / "other")
                assert "the shards were not all made of the data as they are here" in said
            data.write_text(before)
            labels = folders[1] / "labels/toy.jsonl"
            labels.unlink()
            labels.symlink_to(tmp_path / "elsewhere")
            with pytest.raises(DataError, match=r"toy\.jsonl cannot be read: it is a symbolic link"):
                merge_runs([str(folder) for folder in folders], tmp_path / "other")
    finally:
        data.write_text(before)


def test_draws_and_what_was_spent_are_merged(parts: Bench, tmp_path: Path) -> None:
    """Whoever labels goes on, each answer with its own probability; a limit goes on counting where the shards stood."""
    folders = [tmp_path / "parts" / str(index) for index in range(2)]
    drawn = [[0, 2, 4], [1]]
    for index, folder in enumerate(folders):
        shutil.copytree(next((parts.folder / f"parts/{index}").glob("2*")), folder)
        answers = [
            DrawnAnswer(model="toy-model", id=id, answer_hash="a" * 32, probability=0.25 + index / 4)
            for id in drawn[index]
        ]
        draw = Draw(row="toy-judge", dataset="toy", strategy="uniform", seed=index, population=9, answers=answers)
        write_draw(RunFolder(folder), draw)
    ledger = Ledger(RunFolder(folders[1]).ledger)
    ledger.write(LedgerEntry(plan="before", currency="EUR"))
    ledger.write(LedgerEntry(task="one", granted=Spending(calls=900, tokens=7000, cost=1.5)))
    ledger.close()
    with contextlib.chdir(parts.folder):
        merged = merge_runs([str(folder) for folder in folders], tmp_path / "merged")
    (whole,) = read_draws(merged)
    assert (whole.row, whole.strategy, whole.population) == ("toy-judge", "stratified", 18)
    assert [(one.id, one.probability) for one in whole.answers] == [(0, 0.25), (1, 0.5), (2, 0.25), (4, 0.25)]
    spent, currency = read_ledger(merged.ledger)
    records = sum(path.read_bytes().count(b"\n") for path in folders[0].glob("predictions/*/*.jsonl"))
    assert (spent.calls, spent.cost, currency) == (900 + records, 1.5, "EUR")
    damaged = folders[1] / "labels/draws/toy-judge.json"
    damaged.write_text("{")
    with contextlib.chdir(parts.folder), pytest.raises(DataError, match=r"toy-judge\.json cannot be read"):
        merge_runs([str(folder) for folder in folders], tmp_path / "none")
    assert not (tmp_path / "none").exists(), "told before anything is copied"
    for folder in folders:
        shutil.rmtree(folder / "labels")
        RunFolder(folder).ledger.unlink(missing_ok=True)
    with contextlib.chdir(parts.folder):
        plain = merge_runs([str(folder) for folder in folders], tmp_path / "merged")
    assert not read_draws(plain)
    assert not plain.ledger.exists()


def test_another_shard_is_no_continuation(parts: Bench) -> None:
    done = parts.jb("--shard", "1/2", "-w", "parts/0", "--reuse")
    assert done.code == 2
    assert "is of the shard 0/2, and --shard names 1/2" in done.err


def test_what_cannot_be_asked_in_shards_is_refused_before_anything_is(parts: Bench) -> None:
    for flags, words in (
        (("--shard", "0/2"), "cannot be divided by --shards as well"),
        (("--override", "models.toy-model.batch={}"), "is asked in batches"),
    ):
        done = parts.jb("--shards", "2", *flags)
        assert done.code == 2
        assert words in done.err


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "gone", "empty/.."):
        with pytest.raises(ReuseError, match="is no run and holds none"):
            merge_runs([str(tmp_path / folder)], tmp_path / "merged")
    assert [one.name for one in tmp_path.iterdir()] == ["empty"]

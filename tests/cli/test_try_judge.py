"""``jb try``: one judgment by hand, through the command, against a loopback service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgebench.cli.main import run
from judgebench.testing import ProviderService, ServiceReply, ServiceRequest
from tests.models.test_dialects import PNG

QUESTION = ["--question", "What is 2+2?", "--reference", "4"]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A judge who calls 4 right and everything else wrong, and is the judge of all shipped configs."""

    def answer(request: ServiceRequest) -> ServiceReply:
        if "Answer B" in request.text:
            return ServiceReply("Both are short.\nVERDICT: A")
        shown = request.text.count("\n4\n")
        return ServiceReply(f"It is what it is.\nVERDICT: {'A' if shown > 1 else 'B'}", thinking="I look.")

    monkeypatch.chdir(tmp_path)
    with ProviderService("openai", answer) as found:
        for name, value in {"URL": found.url, "MODEL": "test-model", "KEY": "test-key"}.items():
            monkeypatch.setenv(f"JB_JUDGE_{name}", value)
        yield found


def test_it_prints_prompt_reply_and_what_was_read_from_where(service, capsys, tmp_path) -> None:
    assert run(["try", "correctness_letter", *QUESTION, "--answer", "4"]) == 0
    out = capsys.readouterr().out
    assert "What is 2+2?" in out.partition("--- reply")[0]
    assert "(thought before it: I look.)" in out
    assert "judge: correct, read from 'A' (characters 27 to 28 of the reply)" in out
    assert "1 call, " in out
    assert len(service.requests) == 1
    assert not list(tmp_path.iterdir()), "nothing is written"


def test_a_wrong_answer_and_a_reply_that_cannot_be_read_have_their_exit_codes(service, capsys) -> None:
    assert run(["try", "correctness_letter", *QUESTION, "--answer", "5"]) == 0
    assert "incorrect" in capsys.readouterr().out
    service._answer = lambda request: "Hard to say."
    assert run(["try", "correctness_letter", *QUESTION, "--answer", "5"]) == 4
    assert "no verdict (unparsed): the reply states no verdict" in capsys.readouterr().out


def test_two_answers_are_compared_in_every_presentation(service, capsys) -> None:
    assert run(["try", "pair_compare", "--question", "A haiku?", "--answer", "one", "--answer", "two"]) == 0
    out = capsys.readouterr().out
    assert out.count("--- prompt ") == len(service.requests) == 2
    assert "2 calls" in out


def test_who_says_what_is_told_where_a_question_is_a_conversation(service, capsys, tmp_path) -> None:
    prompt = [{"role": "system", "content": "You judge."}, {"role": "user", "content": "Is {answer} right?"}]
    model = {"type": "VLLMCustomAPIChat", "abbr": "m", "model": "test-model", "url": service.url, "api_key": "test-key"}
    judge = {
        "abbr": "talk",
        "judge_model": model,
        "method": {"type": "ReferenceVerifier", "prompt": prompt},
    }
    (tmp_path / "talk.py").write_text(f"judges = [{judge}]\n")
    assert run(["try", "talk.py", *QUESTION, "--answer", "4"]) == 0, capsys.readouterr().err
    shown = capsys.readouterr().out.partition("--- reply")[0]
    assert "[system] You judge.\n[user] Is 4 right?" in shown


def test_what_was_read_of_each_presentation_stands_below_its_reply(service, capsys) -> None:
    assert run(["try", "pair_compare", "--question", "A haiku?", "--answer", "one", "--answer", "two"]) == 0
    out = capsys.readouterr().out
    assert out.count("(A, read from 'A' (characters ") == 2
    assert "pair: tie" in out


def test_it_says_what_it_cost_where_a_price_is_known(service, capsys, tmp_path) -> None:
    (tmp_path / "prices.json").write_text('{"test-model": {"input": 1000000, "output": 0}}')
    argv = ["try", "correctness_letter", *QUESTION, "--answer", "4", "--prices", "prices.json"]
    assert run(argv) == 0
    tokens = capsys.readouterr().out.rpartition("1 call, ")[2].split()[0]
    assert run([*argv, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"] == float(tokens)
    assert run(argv) == 0
    assert capsys.readouterr().out.rstrip().endswith(f"{float(tokens):.2f} USD")


def test_a_reply_is_held_to_the_schema_as_a_run_holds_it(service, capsys) -> None:
    service._answer = lambda request: "I find it incorrect."
    argv = ["try", "correctness_json", *QUESTION, "--answer", "5", "--override", "judges.judge-json.constrain=auto"]
    assert run(argv) == 0
    out = capsys.readouterr().out
    assert "--- replies held to a schema by response_format ---" in out
    assert "judge-json: incorrect, read from '{" in out


def test_json_holds_all_of_it(service, capsys) -> None:
    assert run(["try", "correctness_letter", *QUESTION, "--answer", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["decision"] == "correct"
    assert found["questions"][0]["reply"]["text"].endswith("VERDICT: A")


def test_a_judge_that_sees_images_is_shown_the_file(service, capsys, tmp_path) -> None:
    (tmp_path / "dot.png").write_bytes(PNG)
    (tmp_path / "see.py").write_text(
        "judges = [dict(abbr='see', judge_model=dict(type='VLLMCustomAPIChat', abbr='j', model='test-model',\n"
        "    url='${JB_JUDGE_URL}', api_key='${JB_JUDGE_KEY}'),\n"
        "    method=dict(type='DeclaredJudge', presentations=[dict(\n"
        "    prompt=[dict(role='user', content=[dict(type='image', image='{image}'),\n"
        "    dict(type='text', text='{question}\\n4\\n\\n{answer}\\nVERDICT: A or VERDICT: B')])])],\n"
        "    parser=dict(type='anchored', decisions=dict(A='correct', B='incorrect')),\n"
        "    aggregate=dict(type='first', unread='unparsed')))]\n"
    )
    assert run(["try", "see.py", *QUESTION, "--answer", "4", "--image", "dot.png"]) == 0
    assert "correct" in capsys.readouterr().out
    assert service.requests[0].images == [PNG]
    assert run(["try", "see.py", *QUESTION, "--answer", "4", "--image", "missing.png"]) != 0
    assert "missing.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["try", "correctness_letter"], "There is no answer to judge"),
        (["try", "correctness_lettre", "--answer", "4"], "correctness_letter"),
        (["try", "correctness_letter", "--answer", "4", "--field", "x"], "is not of the form NAME=TEXT"),
        (["try", "correctness_letter", "--answer", "4", "--reference", "4"], "Give it with: --question TEXT"),
        (["try", "score_rubric", "--question", "Q", "--answer", "4"], "Give it with: --field rubric=TEXT"),
        (["try", "correctness_letter", "--question", "Q", "--answer", "4"], "the item has no reference answer"),
        (["try", "pair_compare", "--question", "Q", "--answer", "4"], "a second --answer TEXT"),
        (["try", "panel_majority", *QUESTION, "--answer", "4"], "is a panel"),
    ],
)
def test_mistakes_are_one_sentence(service, capsys, argv, said) -> None:
    assert run(argv) in {2, 3}
    assert said in capsys.readouterr().err
    assert not service.requests


def test_one_of_several_judges_is_chosen(service, capsys, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from judgebench.config import read_base\n\nwith read_base():\n"
        "    from judgebench.configs.judges.correctness_letter import judges as letter\n"
        "    from judgebench.configs.judges.correctness_word import judges as word\n\njudges = letter + word\n"
    )
    argv = ["try", "mine.py", *QUESTION, "--answer", "4"]
    assert run(argv) == 2
    said = capsys.readouterr().err
    names = said.partition("names 2: ")[2].partition(".")[0].split(", ")
    assert f"Choose one with: --judge {names[1]}" in said
    assert run([*argv, "--judge", names[0]]) == 0
    assert f"{names[0]}: correct" in capsys.readouterr().out
    assert run([*argv, "--judge", "other"]) == 2
    assert "There is no judge 'other' among these: " in capsys.readouterr().err

"""Secrets become references, and no error shows one."""

from __future__ import annotations

import pytest

from judgebench.config.dump import dump_config
from judgebench.config.model import redacted
from judgebench.errors import ConfigError
from judgebench.models.access import model_config, redactor_of

pytestmark = pytest.mark.usefixtures("toys")


def change(folder, line):
    path = folder / "models/m.py"
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_secrets_stay_references(run, folder):
    change(folder, "models[0].update(api_key='${MY_KEY}', headers={'X-Key': 'Bearer ${MY_KEY}'})")
    config = run({"MY_KEY": "sk-real"})
    assert config.models["m"]["api_key"] == "${MY_KEY}"
    assert config.models["m"]["headers"] == {"X-Key": "Bearer ${MY_KEY}"}
    assert config.secrets == {}


def test_literal_secrets_become_references_and_travel_apart(run, folder):
    change(
        folder,
        "models.append(dict(models[0], abbr='n'))\n"
        "models[0].update(api_key='sk-live', headers={'X-Org': 'acme'})\n"
        "models[1].update(url='http://user:pw@host/v1')",
    )
    config = run()
    assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
    assert config.models["m"]["headers"] == {"X-Org": "${JB_SECRET_M_X_ORG}"}
    assert config.models["n"]["url"] == "${JB_SECRET_N_URL}"
    assert config.secrets == {
        "JB_SECRET_M_API_KEY": "sk-live",
        "JB_SECRET_M_X_ORG": "acme",
        "JB_SECRET_N_URL": "http://user:pw@host/v1",
    }


def test_the_default_of_a_secret_reference_is_a_secret_too(run, folder):
    change(folder, "models[0]['api_key'] = '${MY_KEY:-sk-fallback}'")
    assert run({"MY_KEY": "x"}).models["m"]["api_key"] == "${MY_KEY}"
    config = run()
    assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
    assert config.secrets == {"JB_SECRET_M_API_KEY": "sk-fallback"}


@pytest.mark.parametrize(
    "line",
    [
        "api_key=['sk-live']",
        "headers={'X': ['sk-live']}",
        "headers='sk-live'",
        "launch=dict(command=['s'], env=['sk-live'])",
    ],
)
def test_an_error_about_a_secret_does_not_show_it(run, folder, line):
    change(folder, f"models[0].update({line})")
    with pytest.raises(ConfigError, match="of the wrong type") as caught:
        run()
    assert "sk-live" not in str(caught.value)


def test_secrets_of_a_launched_services_environment_are_taken_out(run, folder):
    change(
        folder,
        "del models[0]['host_port']\n"
        "models[0]['launch'] = dict(command=['serve', '--tokenizer', 't', '--max-tokens', '${N:-5}'],"
        " env={'HF_TOKEN': 'hf_c', 'OMP_NUM_THREADS': '2', 'A_KEY': '${K}'})",
    )
    config = run()
    launch = config.models["m"]["launch"]
    assert config.secrets == {"JB_SECRET_M_HF_TOKEN": "hf_c"}
    assert launch["env"] == {"HF_TOKEN": "${JB_SECRET_M_HF_TOKEN}", "OMP_NUM_THREADS": "2", "A_KEY": "${K}"}
    assert launch["command"][-1] == "5"


@pytest.mark.parametrize("words", ["'--api-key', 'sk'", "'--token=sk'", "'--api-key', '${K}'"])
def test_a_secret_in_the_words_of_a_command_is_refused(run, folder, words):
    change(folder, f"models[0]['launch'] = dict(command=['serve', {words}])")
    with pytest.raises(ConfigError, match="everyone on the machine") as caught:
        run({"K": "sk"})
    assert "sk" not in caught.value.message.split("launch.command", 1)[1]


def test_two_judges_of_one_abbr_with_different_keys_keep_both(run, write, folder):
    text = (folder / "datasets/toy.py").read_text()
    for name in ("one", "two"):
        write(f"datasets/{name}.py", text.replace('"toy"', f'"{name}"').replace("8001", f"8001, api_key='sk-{name}'"))
    config = run(datasets=["one", "two"])
    refs = [config.datasets[name].judges[0].model["api_key"] for name in ("one", "two")]
    assert [config.secrets[ref[2:-1]] for ref in refs] == ["sk-one", "sk-two"]


KEY = "sk-test-7f3b1c9d5e"


@pytest.mark.parametrize(
    "line",
    [
        f"api_key='{KEY}'",
        f"headers={{'X-Anything': '{KEY}'}}",
        f"url='http://user:{KEY}@host/v1'",
        f"url='https://host/{KEY}/v1'",
        f"url='https://host/v1?code={KEY}'",
        f"url='${{HOST:-https://host/{KEY}}}'",
        f"generation_kwargs=dict(api_key='{KEY}')",
        f"generation_kwargs=dict(extra_headers={{'X-Anything': '{KEY}'}})",
        f"generation_kwargs=dict(extra_body=dict(deep=[dict(token='{KEY}')]))",
        f"generation_kwargs=dict(user='{KEY}')",
        f"generation_kwargs=dict(api_keys=['{KEY}'])",
    ],
)
def test_a_secret_in_any_place_is_a_reference_in_what_is_written(run, folder, line):
    change(folder, f"models[0].update({line})")
    config = run()
    assert KEY not in dump_config(config)
    assert KEY in "".join(config.secrets.values())


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "MY_PRIVATE_KEY", "LOGIN", "HF_TOKEN", "PGPASSWORD"])
@pytest.mark.parametrize("value", [KEY, "hunter", "correct horse"])
def test_every_literal_of_a_launched_programs_environment_is_hidden(run, folder, name, value):
    block = (
        f"dict(command=['serve'], env={{'{name}': '{value}', 'OMP_NUM_THREADS': '2', 'CUDA_VISIBLE_DEVICES': '0,1'}})"
    )
    change(folder, f"del models[0]['host_port']\nmodels[0]['launch'] = {block}")
    config = run()
    assert config.models["m"]["launch"]["env"] == {
        name: f"${{JB_SECRET_M_{name}}}",
        "OMP_NUM_THREADS": "2",
        "CUDA_VISIBLE_DEVICES": "0,1",
    }
    assert config.secrets == {f"JB_SECRET_M_{name}": value}


@pytest.mark.parametrize(
    "words",
    [f"'--hf-auth={KEY}'", f"'-k', '{KEY}'", f"'-H', 'Authorization: Bearer {KEY}'", "'--password', 'hunter'",
     f"'-c', 'VLLM_API_KEY={KEY} vllm serve'", "'-c', 'vllm serve --api-key hunter'", "'--cred=hunter'"],
)  # fmt: skip
def test_a_secret_in_any_word_of_a_command_is_refused(run, folder, words):
    change(folder, f"models[0]['launch'] = dict(command=['serve', {words}])")
    with pytest.raises(ConfigError, match="everyone on the machine") as caught:
        run()
    assert KEY not in str(caught.value)
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    "words",
    ["'--max-tokens', '5'", "'--tokenizer', 't'", "'--api-key-file', 'keys.txt'", "'--ssl-keyfile', '/x/key.pem'",
     "'--ssl-key', '/x/key.pem'", "'--enable-auth', '--port', '1'", "'-c', 'serve --api-key $SERVE_KEY'",
     "'--revision', '0123456789abcdef0123456789abcdef01234567'", "'--auth-type', 'none'"],
)  # fmt: skip
def test_a_command_without_a_secret_is_taken(run, folder, words):
    change(folder, f"del models[0]['host_port']\nmodels[0]['launch'] = dict(command=['serve', {words}])")
    assert run().models["m"]["launch"]["command"][0] == "serve"


def test_a_secret_among_the_options_of_a_launcher_is_refused(run, folder):
    block = f"dict(type='LlamaCppServer', options=dict(api_key='{KEY}'))"
    change(folder, f"del models[0]['host_port']\nmodels[0]['launch'] = {block}")
    with pytest.raises(ConfigError, match=r"launch\.options\.api_key is a secret") as caught:
        run()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "line", [f"generation_kwargs=dict(api_key='{KEY}')", f"evaluator=dict(type=Keyed, token='{KEY}')"]
)
def test_a_secret_in_a_dataset_is_refused(run, folder, line):
    path = folder / "datasets/toy.py"
    path.write_text(f"{path.read_text()}\nfrom jb_toys import Keyed\ntoy_datasets[0].update({line})\n")
    with pytest.raises(ConfigError, match="is a secret") as caught:
        run()
    assert KEY not in str(caught.value)


def test_parameters_that_only_sound_secret_stay(run, folder):
    kwargs = {"max_tokens": 5, "eos_token": "</s>", "prompt_cache_key": "runs", "stop_token_ids": [1], "stop": ["key"]}
    change(folder, f"models[0].update(generation_kwargs={kwargs!r}, url='https://host/openai/gpt-4o-2024-08-06')")
    config = run()
    assert config.models["m"]["generation_kwargs"] == kwargs
    assert config.models["m"]["url"] == "https://host/openai/gpt-4o-2024-08-06"
    assert config.secrets == {}


def test_references_of_parameters_and_addresses_stay_references(run, folder):
    change(folder, "models[0].update(url='${HOST}', generation_kwargs=dict(api_key='${K}', seed='${SEED}'))")
    config = run({"HOST": f"https://u:{KEY}@host", "K": KEY, "SEED": "3"})
    assert config.models["m"]["url"] == "${HOST}"
    assert config.models["m"]["generation_kwargs"] == {"api_key": "${K}", "seed": 3}
    assert config.secrets == {}
    assert run({"HOST": "https://host", "K": KEY, "SEED": "3"}).models["m"]["url"] == "https://host"


def test_a_key_beside_a_password_in_the_address_is_refused(run, folder):
    change(folder, f"models[0].update(url='http://me:{KEY}@host', api_key='{KEY}')")
    with pytest.raises(ConfigError, match="would both be sent") as caught:
        run()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        f"models.m.api_key={KEY}",
        f"--override=models.m.api_key={KEY}",
        f"--over=judges.j.headers.X={KEY}",
        f"*.*.url=http://h/{KEY}",
        "models.m.url=http://u:hunter@h",
        "models.m.generation_kwargs={'deep': [{'token': 'hunter'}]}",
        "models.m.launch.env.LOGIN=hunter",
        f"models.m.generation_kwargs.user={KEY}",
    ],
)
def test_an_override_is_noted_without_its_secret(word):
    (noted,) = redacted([word])
    assert noted.endswith("=***")
    assert KEY not in noted
    assert "hunter" not in noted


@pytest.mark.parametrize(
    "word",
    ["models.m.max_out_len=5", "models.m.url=http://h:1/v1", "judges.j.api_key=${K}", "--dump-eval-details",
     "datasets.d.path=a.jsonl", "models.m.generation_kwargs={'max_tokens': 5}"],
)  # fmt: skip
def test_an_ordinary_word_of_a_command_line_is_noted_as_it_is(word):
    assert redacted([word]) == [word]


@pytest.mark.parametrize("value", [KEY, "${MINE}"])
def test_a_secret_that_a_users_model_type_adds_reaches_that_type_alone(run, folder, monkeypatch, value):
    monkeypatch.setenv("MINE", KEY)
    change(folder, f"from jb_toys import KeyedService\nmodels[0].update(type=KeyedService, session_token='{value}')")
    config = run({"MINE": KEY})
    assert config.models["m"]["session_token"] in {"${JB_SECRET_M_SESSION_TOKEN}", "${MINE}"}
    for name, secret in config.secrets.items():
        monkeypatch.setenv(name, secret)
    made = model_config(config.models["m"])
    assert made.session_token == KEY
    assert redactor_of(made).error(f"no {KEY}") == "no ***"

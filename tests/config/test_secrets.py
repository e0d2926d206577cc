"""Secrets become references, and no error shows one."""

from __future__ import annotations

import pytest

from judgebench.errors import ConfigError

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
        "models[0].update(api_key='sk-live', headers={'X-Org': 'acme'}, url='http://user:pw@host/v1')",
    )
    config = run()
    assert config.models["m"]["api_key"] == "${JB_SECRET_M_API_KEY}"
    assert config.models["m"]["headers"] == {"X-Org": "${JB_SECRET_M_X_ORG}"}
    assert config.models["m"]["url"] == "${JB_SECRET_M_URL}"
    assert config.secrets == {
        "JB_SECRET_M_API_KEY": "sk-live",
        "JB_SECRET_M_X_ORG": "acme",
        "JB_SECRET_M_URL": "http://user:pw@host/v1",
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

"""What counts as a secret, by name and by look, and what only sounds like one."""

from __future__ import annotations

import pytest

from judgebench.models.access import looks_like_key, secret_texts, shown_url, sounds_secret, url_secrets

KEY = "sk-test-7f3b1c9d5e"


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "APIKey",
        "X-Api-Key",
        "Authorization",
        "Proxy-Authorization",
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "MY_PRIVATE_KEY",
        "--hf-auth",
        "X-Auth",
        "password",
        "db_passwd",
        "PGPASSWORD",
        "pwd",
        "credentials",
        "cred",
        "access_token",
        "sessionToken",
        "Cookie",
        "signature",
        "client_secret",
        "OPENAI_KEY_2",
        "secret1",
        "oauth2",
        "subscription-key",
        "x_jwt",
        "api_keys",
        "passphrase",
        "key",
    ],
)
def test_names_of_secrets(name):
    assert sounds_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens",
        "max_completion_tokens",
        "stop_token_ids",
        "skip_special_tokens",
        "key_column",
        "id_key",
        "api_base",
        "tokenizer",
        "tokenizer_mode",
        "eos_token",
        "prompt_cache_key",
        "sort_key",
        "temperature",
        "author",
        "authors",
        "monkey",
        "keyboard",
        "keywords",
        "bypass",
        "compass",
        "token_limit",
        "auth_type",
        "--ssl-keyfile",
        "--api-key-file",
        "key_field",
        "model",
        "path",
        "stop",
        "top_logprobs",
        "include_stop_str_in_output",
        "OMP_NUM_THREADS",
        "thinking.budget_tokens",
    ],
)
def test_names_that_only_sound_like_it(name):
    assert not sounds_secret(name)


@pytest.mark.parametrize(
    "text",
    [KEY, f"Bearer {KEY}", "id=7; key=hf_abcdefgh12", "0123456789abcdef0123456789abcdef", "AKIAIOSFODNN7EXAMPLE",
     "9f1c2d3e-1a2b-4c3d-8e9f-0a1b2c3d4e5f", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"],
)  # fmt: skip
def test_texts_that_look_like_keys(text):
    assert looks_like_key(text)


@pytest.mark.parametrize(
    "text",
    ["application/json", "gpt-4o-2024-08-06", "meta-llama/Llama-3.1-8B-Instruct", "2024-08-01-preview", "acme", "",
     "projects/my-project-123/locations/us-central1", "hf-internal-testing/tiny-random-gpt", "http://host:8080/v1"],
)  # fmt: skip
def test_texts_that_do_not(text):
    assert not looks_like_key(text)


@pytest.mark.parametrize(
    ("url", "secrets", "shown"),
    [
        ("http://host:1/v1", [], "http://host:1/v1"),
        ("http://me:p%40ss@host/v1", ["me:p%40ss", "me", "p%40ss"], "http://host/v1"),
        ("http://me:p@ss/word@host/v1", ["me:p@ss/word", "me", "p@ss/word"], "http://***"),
        (f"https://host/{KEY}/v1?api-version=1&code=abc", [KEY, "abc"], "https://host/***/v1"),
        ("http://[::1", [], "***"),
    ],
)
def test_the_secret_parts_of_an_address(url, secrets, shown):
    assert url_secrets(url) == secrets
    assert shown_url(url) == shown


def test_secrets_are_found_at_any_depth():
    value = {
        "temperature": 0.5,
        "stop": ["a"],
        "api_key": "a",
        "extra_headers": {"X-Org": "b"},
        "extra_body": {"deep": [{"token": "c"}], "user": KEY, "max_tokens": "5"},
    }
    assert dict(secret_texts(value)) == {
        ("api_key",): "a",
        ("extra_headers", "X-Org"): "b",
        ("extra_body", "deep", "0", "token"): "c",
        ("extra_body", "user"): KEY,
    }

"""A parser of one's own is a ``Config`` and ``read``; all else comes with ``ConfiguredParser``."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from judgebench.errors import ConfigError
from judgebench.judges.parsers.reading import ConfiguredParser, Reading, parser_of, unparsed
from judgebench.records.flow import Reply


class Stars(ConfiguredParser):
    """Counts the stars that a reply consists of."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        most: int = 5

    config: Config

    def read(self, reply: Reply) -> Reading:
        count = len(reply.text)
        if set(reply.text) != {"*"} or count > self.config.most:
            return unparsed("the reply is no row of stars")
        return Reading(status="ok", score=float(count), span=(0, count))


OWN = f"{__name__}.Stars"


def own(**keys: Any) -> Any:
    return parser_of({"type": OWN, **keys})


def test_it_is_named_in_a_config_by_its_path_and_read_by() -> None:
    assert own().read(Reply(status="ok", text="***")).score == 3
    assert own(most=2).read(Reply(status="ok", text="***")).status == "unparsed"


def test_its_name_version_and_keys_are_its_identity() -> None:
    assert own(most=2).identity() == {"parser": "stars", "version": 1, "most": 2}


def test_it_gives_no_decisions_never_guesses_and_needs_no_probabilities() -> None:
    assert (own().decisions(), own().guesses, own().needs_logprobs) == ([], False, False)


def test_a_rule_that_guesses_says_so_in_its_identity() -> None:
    assert parser_of("aisbench_last_char").identity()["guesses"] is True


def test_a_key_that_it_has_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="most"):
        own(mots=2)


def test_one_that_reads_nothing_cannot_be_made() -> None:
    class Mute(ConfiguredParser):
        Config = Stars.Config

    with pytest.raises(TypeError, match="read"):
        Mute(Stars.Config())  # type: ignore[abstract]

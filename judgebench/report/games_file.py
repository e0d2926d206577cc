"""Files of games: ``results/<model>/<dataset>-<judge>.games.jsonl``.

The first line says whose games they are and which version of the result they belong to, every other line is one game:
``{"id": 3, "repeat": 0, "outcome": 0.5, "weight": 1.0, "style": [...], "opposing_style": [...]}``.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.played import Game, Played
from judgebench.records import TaskResult
from judgebench.store.files import DamagedError, Decoder, open_file, reason_of
from judgebench.store.format import FORMAT
from judgebench.store.journal import write_atomically


class GamesHead(msgspec.Struct, frozen=True, kw_only=True):
    """Whose games a file holds.

    Attributes:
        model: The tested model: outcomes are its.
        opponent: Whom it was compared with.
        version: Of the result that the games belong to.
        games: Lines that follow.
    """

    format: int = FORMAT
    model: str
    opponent: str
    dataset: str
    version: str
    games: int


class _Line(msgspec.Struct, frozen=True, gc=False):
    id: int
    outcome: float
    repeat: int = 0
    weight: float = 1.0
    style: tuple[int, ...] = ()
    opposing_style: tuple[int, ...] = ()


def write_games(path: Path, result: TaskResult, opponent: str, played: Played) -> None:
    """Write the games of a result; the file is either the old or the new one, never a part.

    Raises:
        DiskError: It cannot be written.
    """
    head = GamesHead(
        model=result.model, opponent=opponent, dataset=result.dataset, version=result.version, games=len(played)
    )
    encode = msgspec.json.Encoder().encode
    lines = [encode(head)]
    lines += [
        encode(_Line(game.id, game.outcome, game.repeat, game.weight, game.style, game.opposing_style))
        for game in played
    ]
    write_atomically(path, b"\n".join(lines) + b"\n")


def read_games(path: Path, *, version: str) -> tuple[GamesHead, list[Game]]:
    """Return the games of a result.

    Args:
        path: The file.
        version: Of the result that the games must belong to.

    Raises:
        DataError: It is missing, unreadable or of another version of the result.
    """
    try:
        with open_file(path, "rb") as file:
            head = Decoder(GamesHead)(file.readline())
            decode = Decoder(_Line)
            games = [
                Game(line.id, line.repeat, line.outcome, line.weight, line.style, line.opposing_style)
                for line in map(decode, file)
            ]
        reason = "" if (head.version, head.games) == (version, len(games)) else "it belongs to another attempt"
    except OSError as error:
        reason = reason_of(error)
    except DamagedError as error:
        reason = str(error)
    if reason:
        raise DataError(
            f"The file of games {path} cannot be used: {reason}.",
            hint="Make it again from the recorded replies, at no cost: jb --mode eval --reuse",
        )
    return head, games

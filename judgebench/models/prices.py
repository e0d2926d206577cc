"""Where the price of a model comes from: the user's own table, the model's config, or the package ``genai-prices``.

The package knows prices by provider and model. The provider is told from the address alone: a service of your own may
give its model any name, and its price must not be taken for another's.
"""

from __future__ import annotations

import codecs
import csv
import importlib.util
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from judgebench import plugins
from judgebench.errors import DAMAGED, DataError, PrerequisiteError
from judgebench.models.access import model_config
from judgebench.models.addresses import base_url
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.records.prices import NOTHING, LongPromptRates, Price, Rates

PACKAGE = "genai_prices"
_NUMBERS = frozenset({"input", "output", "cached", "cache_write", "reasoning", "batch"})

Prices = Mapping[str, Price]
"""By a model's abbr, or by its name on the service."""


def read_prices(path: Path) -> dict[str, Price]:
    """Return the user's own table; where an entry has no date, the price is of the day when the file was last changed.

    Args:
        path: ``.json``: an object of prices by model; or ``.csv`` with a column ``model`` and one for each key.

    Raises:
        DataError: It cannot be read, or an entry is no price; names file, entry and what is wrong.
    """
    entries: dict[str, Any] = {}
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                entries = _of_rows(path, csv.DictReader(file))
        else:
            entries = msgspec.json.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=dict[str, Any])
        changed = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except OSError as error:
        raise DataError(f"The table of prices {path} cannot be read: {error.strerror}.") from error
    except (*DAMAGED, csv.Error) as error:
        raise DataError(f"The table of prices {path} cannot be read: {error}.", hint=_FORM) from error
    found: dict[str, Price] = {}
    for name, entry in entries.items():
        try:
            stated = {"source": path.name, "date": f"{changed:%Y-%m-%d}", **entry}
            found[name] = msgspec.convert(stated, Price, strict=False)
        except (msgspec.ValidationError, TypeError) as error:
            raise DataError(f"{path}: the price of {name!r} cannot be used: {error}.", hint=_FORM) from error
    return found


_FORM = (
    'An entry of a .json file: {"gpt-4o": {"input": 2.5, "output": 10}}, for 1M tokens in USD unless "unit" and '
    '"currency" say otherwise; a .csv file has a column "model" and one for each key.'
)


def _of_rows(path: Path, rows: csv.DictReader[str]) -> dict[str, Any]:
    if "model" not in (rows.fieldnames or ()):
        raise DataError(f"The table of prices {path} has no column 'model'.", hint=_FORM)
    found: dict[str, Any] = {}
    for row in rows:
        name = row["model"] or ""
        if name in found:
            raise DataError(f"{path}: {name!r} has two prices.", hint="Leave one line for each model.")
        found[name] = _of_row(row)
    return found


def _of_row(row: Mapping[str | None, Any]) -> dict[str, Any]:
    return {
        key: float(text) if key in _NUMBERS and _is_number(text) else text
        for key, text in row.items()
        if key and key != "model" and text
    }


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def found_price(model: Mapping[str, Any], table: Prices, environ: Mapping[str, str]) -> Price | None:
    """Return what a model costs; ``None`` where nobody says.

    Args:
        model: The resolved config of the model.
        table: The user's own table, which comes before all else.
        environ: Where the address is looked up.
    """
    config = model_config(dict(model))
    for name in (config.abbr, config.model):
        if name in table:
            return table[name]
    if config.price is not None:
        return config.price
    if not isinstance(config, ServiceConfig) or config.launch is not None:
        own = config.launch is not None or getattr(plugins.load(config.type, "models"), "free", False)
        return NOTHING if own else None
    return _packaged(config, environ) if config.model else None


def _packaged(config: ServiceConfig, environ: Mapping[str, str]) -> Price | None:
    if importlib.util.find_spec(PACKAGE) is None:
        return None
    try:
        address = base_url(config, environ)
    except PrerequisiteError:  # told where it is needed
        return None
    return None if _is_own(address) else packaged_price(config.model, address)


def _is_own(address: str) -> bool:
    """Whether an address is on this machine or in a network of the user's own: no provider's, which the package knows.

    The package takes 0.15 s to import, which most runs need not pay.
    """
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host


def packaged_price(model: str, address: str) -> Price | None:
    """Return what ``genai-prices`` says; ``None`` where it knows no provider of this address, or not this model.

    Args:
        model: Name on the service.
        address: Of the service.
    """
    from genai_prices.data_snapshot import get_snapshot  # 0.15 s, and only where a price is wanted

    try:
        _, known = get_snapshot().find_provider_model(model, None, None, address)
    except LookupError:
        return None
    now = datetime.now(tz=UTC)
    standard, batch = _rates(known.get_prices(now)), _rates(known.get_prices(now, {"processing": "batch"}))
    if standard is None:
        return None
    rates, long_prompts = standard
    in_batch: dict[str, Any] = {}
    if batch is not None and batch != standard:
        in_batch = {"batch": batch[0], "batch_long_prompts": batch[1]}
    from importlib.metadata import version

    return Price(
        **msgspec.structs.asdict(rates),
        long_prompts=long_prompts,
        source=f"genai-prices {version('genai-prices')}",
        date=f"{now:%Y-%m-%d}",
        **in_batch,
    )


_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "reasoning": "output_reasoning_mtok",
}


def _rates(prices: Any) -> tuple[Rates, list[LongPromptRates]] | None:
    """Return the rates of the package's price of a model, and those for long prompts; ``None`` where it has none."""
    given = {ours: getattr(prices, theirs, None) for ours, theirs in _KEYS.items()}
    if given["input"] is None or given["output"] is None:
        return None
    starts = sorted({tier.start for price in given.values() for tier in getattr(price, "tiers", ())})
    base = {name: _at(price, 0) for name, price in given.items() if price is not None}
    long_prompts = [
        LongPromptRates(over=start, **{name: _at(price, start) for name, price in given.items() if price is not None})
        for start in starts
    ]
    return Rates(**base), long_prompts


def _at(price: Any, start: int) -> float:
    found = getattr(price, "base", price)
    for tier in getattr(price, "tiers", ()):
        if tier.start <= start:
            found = tier.price
    return float(found)


def how_to_price(config: ModelConfig, key: str) -> str:
    """Return what to do about a model without a price.

    Args:
        config: The model.
        key: Path of its config for ``--override``: ``models.gpt``.
    """
    given = f'--override \'{key}.price={{"input": 2.5, "output": 10}}\' (USD for 1M tokens), or a table: --prices FILE'
    lacking = isinstance(config, ServiceConfig) and importlib.util.find_spec(PACKAGE) is None
    known = ', or install the prices of providers: pip install "judgebench[prices]"' if lacking else ""
    return f"Give it: {given}{known}."

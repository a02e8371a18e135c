"""Answers of a venue that does not exist, neutral unless told."""

from fractions import Fraction
from typing import Any

from marginctl.venues.answers.account import Amount, HeldAsset, HeldPosition, VenueAnswer


def amount(text: str, **more: Any) -> Amount:
    """A number as it is printed: its unit is its last digit."""
    places = len(text.partition(".")[2])
    return Amount(Fraction(text), more.pop("unit", Fraction(1, 10**places)), **more)


def asset(name: str, held: str, **more: Any) -> HeldAsset:
    """A balance."""
    return HeldAsset(asset=name, amount=amount(held), **more)


def position(symbol: str = "BTCUSDT", side: str = "long", quantity: str = "2", **more: Any) -> HeldPosition:
    """A position; figures are texts."""
    told = {key: amount(value) if isinstance(value, str) and key not in WORDS else value for key, value in more.items()}
    return HeldPosition(symbol=symbol, side=side, quantity=amount(quantity), **told)


WORDS = ("leg", "margin_mode", "settle")


def answer(name: str = "wallet", *holds: str, **more: Any) -> VenueAnswer:
    """An answer; its file is its name."""
    told = {"file": f"{name}.json", "venue": "generic", "title": name} | more
    return VenueAnswer(name=name, holds=holds or ("collateral", "positions"), **told)

"""Assets that belong together: what follows what and what is a stablecoin, by the file, else by the bundled list."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.core.account import STABLECOINS, Account
from marginctl.document.kinds import Entries
from marginctl.portfolio.format import AssetEntry
from marginctl.portfolio.reading import Reading, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node

DATA = Path(__file__).parent / "data" / "assets.csv"
ALONE = "none"
"""The word of ``follows:`` for an asset that moves by itself."""
THOUSANDS = {"k": Decimal(1000), "1M": Decimal(1_000_000)}
IN_THOUSANDS = re.compile(r"(?P<before>10{3,}|1M|k)(?P<coin>[A-Z][A-Z0-9]*)|(?P<other>[A-Z]+)(?P<behind>10{3,})")
"""How venues name many units of a coin as one: 1000PEPE, 1MBABYDOGE, kPEPE, SHIB1000."""


class Link(Struct, frozen=True):
    """What an asset follows, empty where it is a stablecoin; ``ratio``: units of that in one of it, None = not fixed.

    ``as_of`` and ``source``: of the bundled list, empty where the file says so.
    """

    follows: str = ""
    ratio: Decimal | None = None
    as_of: str = ""
    source: str = ""


@cache
def bundled() -> dict[str, Link]:
    """The common ones by asset: wrapped and staked coins, contracts on many units of a coin, dollar tokens."""
    rows = (line.split(",") for line in DATA.read_text(encoding="utf-8").splitlines()[1:])
    return {
        asset: Link(follows, Decimal(ratio) if ratio else None, as_of, source)
        for asset, follows, ratio, as_of, source in rows
    }


class Links:
    """The links of one portfolio: its own ``assets:`` before the bundled list."""

    def __init__(self, reading: Reading, declared: Entries[AssetEntry]):
        self._reading = reading
        self._declared = declared
        self._own = {asset: found for asset, entry in declared.items() if (found := _link(asset, entry)) is not None}
        for asset, entry in declared.items():
            self._check(asset, entry)

    def of(self, asset: str) -> Link | None:
        """What the asset follows, or that it is a stablecoin; None where it moves by itself."""
        return self._own.get(asset) if asset in self._declared else bundled().get(asset)

    def leader(self, asset: str) -> str:
        """The asset that it follows, empty where it follows none."""
        found = self.of(asset)
        return found.follows if found is not None else ""

    def is_dollar(self, asset: str) -> bool:
        """Whether it is a stablecoin beyond the built-in ones."""
        found = self.of(asset)
        return found is not None and not found.follows

    def ask(self, used: Iterable[str], node: "Node") -> None:
        """Refuse a name that looks like many units of a coin which is there too, where nothing says whether it is."""
        assets = set(used)
        for asset in assets - set(self._declared):
            found = IN_THOUSANDS.fullmatch(asset) if asset not in bundled() else None
            if found is None or (coin := found["coin"] or found["other"]) not in assets:
                continue
            prefix = found["before"] or found["behind"]
            name, ratio = short(asset), THOUSANDS.get(prefix) or Decimal(prefix)
            self._reading.refuse(
                node,
                "MC012",
                f"{name} looks like {ratio:f} {short(coin)}, which the account has too: do they move together?",
                f"add `assets: {{{name}: {{follows: {short(coin)}, ratio: {ratio:f}}}}}`, "
                f"or `{{{name}: {{follows: {ALONE}}}}}`",
            )

    def _check(self, asset: str, entry: AssetEntry) -> None:
        """What an entry of ``assets:`` contradicts."""
        name, led = short(asset), "" if entry.follows == ALONE else entry.follows or ""
        if asset in STABLECOINS and not led and not entry.stablecoin:
            self._refuse(entry, "MC016", f"{name} is a stablecoin here in any case", "remove the entry")
        elif not led and AssetEntry.ratio in entry:
            self._refuse(entry, "MC012", f"the ratio of {name} is to no asset", "add `follows: ...`")
        elif not led and entry.follows is None and entry.stablecoin is None:
            self._refuse(entry, "MC012", f"nothing is said of {name}", "add `follows: ...` or `stablecoin: true`")
        elif led and entry.stablecoin:
            message = f"{name} cannot follow {short(led)} and be a stablecoin of its own"
            self._refuse(entry, "MC016", message, "keep one of the keys: what follows a stablecoin is one")
        elif led == asset != "":
            self._refuse(entry, "MC016", f"{name} follows itself", "name another asset, or remove the entry")
        elif led and self.leader(led):
            message = f"{name} follows {short(led)}, which follows {short(self.leader(led))} itself"
            self._refuse(entry, "MC016", message, f"write `follows: {short(self.leader(led))}`")

    def _refuse(self, entry: AssetEntry, code: str, message: str, advice: str) -> None:
        key = next((one for one in (AssetEntry.ratio, AssetEntry.follows) if one in entry), AssetEntry.stablecoin)
        self._reading.refuse(entry.at(key), code, message, advice)


def _link(asset: str, entry: AssetEntry) -> Link | None:
    """What an entry says; a ratio that it leaves out is that of the bundled list, if that names the same asset."""
    if entry.follows in {None, ALONE}:
        return Link() if entry.stablecoin else None
    known = bundled().get(asset)
    ratio = known.ratio if known is not None and known.follows == entry.follows else None
    return Link(entry.follows or "", entry.ratio or ratio)


def links_of(account: Account) -> dict[str, dict[str, str]]:
    """The links of an account as ``assets:`` says them, those that it does not take from the bundled list included."""
    found = {asset: {"follows": led} for asset, led in account.follows.items()}
    found |= {asset: {"stablecoin": "true"} for asset in sorted(account.dollars)}
    alone = (asset for asset in account.prices if asset in bundled() and asset not in found)
    return found | {asset: {"follows": ALONE} for asset in alone}

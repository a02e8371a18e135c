"""Assets: which belong together, and names of assets and scenarios that nothing has.

What follows what and what is a stablecoin is said by the file, else by the bundled list.

Names of assets that nothing in an account has: in a flag always a mistake, in its file where nothing is moved by it.
Prices may be a list that many files share, and betas too. There a name without a use is a slip only where it is almost
that of a coin which is used and has no entry of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from marginctl.core.account import STABLECOINS, Account, default_beta
from marginctl.core.contract import ContractType
from marginctl.core.scenario import EVERY_OTHER, contracts_of
from marginctl.document.kinds import Entries
from marginctl.document.source import Source, echo, meant, near
from marginctl.findings import Location, Problem
from marginctl.limits.format import ScenarioEntry
from marginctl.portfolio.format import AssetEntry
from marginctl.portfolio.reading import Reading, short

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.portfolio.format import PortfolioFile

DATA = Path(__file__).parent / "data" / "assets.csv"
ALONE = "none"
"""The word of ``follows:`` for an asset that moves by itself."""
THOUSANDS = {"k": Decimal(1000), "1M": Decimal(1_000_000)}
IN_THOUSANDS = r"(?P<before>10{3,}|1M|k)(?P<coin>[A-Z][A-Z0-9]*)|(?P<other>[A-Z]+)(?P<behind>10{3,})"
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
            found = re.fullmatch(IN_THOUSANDS, asset) if asset not in bundled() else None
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
            other = f"add `{short(led)}: {{follows: {ALONE}}}`"
            advice = other if self.leader(led) == asset else f"write `follows: {short(self.leader(led))}`"
            self._refuse(entry, "MC016", message, advice)

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


NO_SUCH_ASSET = "MC020"
RESERVED = ("all", "off")


def scenario_problems(scenarios: "Sequence[ScenarioEntry]", source: Source) -> Iterator[Problem]:
    """Scenarios of a portfolio or a policy that hide one another, that a limit cannot call, or that move nothing."""
    seen: dict[str, Node] = {}
    for one in scenarios:
        name = one.name
        if name in seen:
            message = f"the scenario {echo(name)} is given twice, first on {source.place(seen[name])}"
            yield source.problem(one.at(ScenarioEntry.name), "MC016", message, "give each scenario a name of its own")
        if name in RESERVED:
            message = f"no scenario can be called {echo(name)}: `survive: {name}` means something else"
            yield source.problem(one.at(ScenarioEntry.name), "MC016", message, "give it another name")
        if not one.shocks:
            message = f"the scenario {echo(name)} moves nothing"
            yield source.problem(
                one.at(ScenarioEntry.shocks), "MC012", message, "write what moves, as in `shocks: {BTC: -30%}`"
            )
        seen.setdefault(name, one.node)


def symbols_of(account: Account) -> dict[str, str]:
    """The base of every contract that has a position or an order, by symbol."""
    return {symbol: contract.base for symbol, contract in contracts_of(account).items()}


def assets_of(draft: "PortfolioFile", account: Account) -> set[str]:
    """The assets that a file has anywhere: held, traded, declared or priced."""
    declared = {asset for one in draft.contracts.values() for asset in (one.base, one.quote) if asset is not None}
    return {*account.prices, *account.follows.values(), *draft.prices, *draft.assets, *declared}


def asset_meant(name: str, account: Account, known: Iterable[str]) -> str:
    """What to write instead of a name that is no known asset; a contract's symbol stands for its base."""
    base = symbols_of(account).get(name)
    return f"{echo(name)} is a contract: write its asset, {echo(base)}" if base else meant(name, known)


def unknown_assets(
    flag: str, names: Iterable[str], account: Account, file: str, *, symbols: bool = False
) -> list[Problem]:
    """A problem for each name behind a flag that no position, order or balance of the account has.

    ``symbols``: contracts may be named as well.
    """
    known = {*account.prices, *account.follows.values(), *(symbols_of(account) if symbols else ())}
    return [
        Problem(
            Location(file),
            NO_SUCH_ASSET,
            f"{flag} names {echo(name)}, which nothing in the account has",
            asset_meant(name, account, known),
        )
        for name in names
        if name != EVERY_OTHER and name not in known
    ]


def unmarked(flag: str, shocks: Mapping[str, Decimal], account: Account, file: str) -> list[Problem]:
    """A problem for each inverse contract that a flag moves to a mark of 0, at which it has no value."""
    names = (name for name, shock in shocks.items() if _has_no_value(name, shock, account))
    return [Problem(Location(file), "MC016", f"{flag} {_NO_VALUE.format(echo(name))}", _MORE) for name in names]


_NO_VALUE = "moves {} to 0, at which an inverse contract, or a quanto quoted in it, has no value"
_MORE = "write a fall of less than 100%"


def _has_no_value(name: str, shock: Decimal, account: Account) -> bool:
    if shock != -1:
        return False
    contracts = contracts_of(account)
    if name in contracts and name not in account.prices:
        return contracts[name].type is ContractType.INVERSE
    quotes = {one.quote for one in contracts.values() if one.third}
    return name in quotes or (name == EVERY_OTHER and any(map(account.drifts, quotes)))


def misnamed_assets(
    draft: "PortfolioFile", account: Account, source: Source, also: Iterable[str] = ()
) -> list[Problem]:
    """Assets that scenarios shock and nothing in the file has, and slips among its prices and betas.

    ``also``: further names that are known, such as those of the account before a change.
    """
    known = assets_of(draft, account) | set(also)
    return [*_shocked(draft, account, source, known), *_slips(draft, account, source, known)]


def _shocked(draft: "PortfolioFile", account: Account, source: Source, known: set[str]) -> Iterator[Problem]:
    known = known | {*draft.contracts, *contracts_of(account)}
    for one in draft.scenarios:
        for key, shock, node in one.shocks.rows():
            if _has_no_value(key.text, shock, account):
                message = f"the scenario {echo(one.name)} {_NO_VALUE.format(echo(key.text))}"
                yield source.problem(node, "MC016", message, _MORE)
            if key.text not in known and key.text not in {EVERY_OTHER, account.currency, *STABLECOINS}:
                message = f"the scenario {echo(one.name)} moves {echo(key.text)}, which nothing in this file has"
                yield source.problem(key, NO_SUCH_ASSET, message, asset_meant(key.text, account, known))


def _slips(draft: "PortfolioFile", account: Account, source: Source, known: set[str]) -> Iterator[Problem]:
    for section, entries in (("prices", draft.prices), ("betas", draft.betas)):
        missing = [asset for asset in account.prices if asset not in entries and default_beta(asset)]
        meaningful = known if section == "betas" else {*account.prices, *STABLECOINS, account.currency}
        for key, _, _ in entries.rows():
            name = key.text
            if name in meaningful or not default_beta(name):
                continue
            close = symbols_of(account).get(name) or near(name, missing, surely=True)
            if close:
                message = f"`{section}` names {echo(name)}, which nothing in this file has"
                yield source.problem(key, NO_SUCH_ASSET, message, f"did you mean {echo(close)}?")

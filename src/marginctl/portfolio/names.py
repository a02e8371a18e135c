"""Names of scenarios, which limits call them by, and of assets.

Names of assets that nothing in an account has: in a flag always a mistake, in its file where nothing is moved by it.

Prices may be a list that many files share, and betas too. There a name without a use is a slip only where it is almost
that of a coin which is used and has no entry of its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from marginctl.core.account import STABLECOINS, Account, default_beta
from marginctl.core.contract import ContractType
from marginctl.core.scenario import EVERY_OTHER, contracts_of
from marginctl.document.source import Source, echo, meant, near
from marginctl.findings import Location, Problem
from marginctl.limits.format import ScenarioEntry

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.portfolio.format import PortfolioFile

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

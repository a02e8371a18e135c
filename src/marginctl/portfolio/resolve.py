"""A portfolio draft and a rule set -> an account, or every problem that stands in the way."""

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import (
    STABLECOINS,
    Account,
    CloseFeeIn,
    MarginMode,
    Netting,
    PositionMode,
    Rules,
    default_beta,
)
from marginctl.core.report import RulesUsed
from marginctl.findings import DataFact, Location, Problem
from marginctl.portfolio import collateral
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.orders import orders
from marginctl.portfolio.positions import Defaults, Row, positions
from marginctl.portfolio.prices import Prices
from marginctl.portfolio.reading import Reading

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft
    from marginctl.document.source import Source
    from marginctl.venues.rule_set import Mode, RuleSet

KINDER = {Netting.NONE: 0, Netting.LARGER_LEG: 1, Netting.NET: 2}


class Resolved(Struct, frozen=True):
    """An account with what a reader must know about its data; ``locations`` by subject."""

    account: Account
    rules_used: RulesUsed
    assumptions: tuple[str, ...]
    facts: tuple[DataFact, ...]
    locations: dict[str, Location]


class Header(Struct, frozen=True):
    """The `account:` section, resolved."""

    name: str
    currency: str
    mode: "Mode"
    position_mode: PositionMode
    rules: Rules
    isolated_rules: Rules | None
    as_of: str | None
    taker_fee: Decimal | None


def resolve(draft: "Draft", source: "Source", rule_set: "RuleSet", stem: str) -> tuple[Resolved | None, list[Problem]]:
    """The account of a portfolio; None with the problems, all of them, when it cannot be computed.

    ``stem`` is the default name of the account.
    """
    reading = Reading(source)
    header = _header(reading, draft.get("account"), rule_set, stem)
    if header is None:
        return None, reading.problems
    prices = Prices(reading, header.currency, draft.get("prices", []))
    contracts = Contracts(reading, draft.get("contracts", []), rule_set, header.currency)
    defaults = Defaults(header.taker_fee, rule_set.funding_interval, header.rules.needs_taker_fee)
    rows = positions(reading, draft.get("positions", []), contracts, prices, header.position_mode, defaults, rule_set)
    held = collateral.balances(reading, draft.get("collateral", []))
    collateral.check_prices(held, prices)
    placed = orders(
        reading,
        draft.get("orders", []),
        contracts,
        prices,
        header.position_mode,
        [row.position for row in rows],
    )
    contracts.resolve_declared()
    collateral.check_isolated(reading, held, [(row.position, row.draft) for row in rows])
    _check_offered(reading, draft, rule_set, header, rows)
    needed = _counted_assets(header, held, rows)
    terms = collateral.terms(reading, held, needed, header.mode, header.currency)
    if not held and not rows and not placed and not reading.problems:
        reading.refuse(draft.node, "MC012", "the account is empty", "list `collateral:` and `positions:`")
    if reading.problems:
        return None, reading.problems
    account = Account(
        name=header.name,
        venue=rule_set.name,
        currency=header.currency,
        collateral_mode=header.mode.collateral_mode,
        position_mode=header.position_mode,
        margin_model="tiered",
        rules=header.rules,
        isolated_rules=header.isolated_rules,
        prices=prices.used,
        betas=_betas(draft, prices),
        balances={asset: amount for asset, (amount, _) in held.items()},
        terms=terms,
        positions=tuple(row.position for row in rows),
        orders=tuple(placed),
        as_of=header.as_of,
    )
    used = rule_set.used(header.mode, [row.position.contract.symbol for row in rows], contracts.overridden)
    reading.assumptions.update(dict.fromkeys(rule_set.assumptions_for(header.mode, account)))
    return (
        Resolved(account, used, tuple(reading.assumptions), tuple(reading.facts), reading.locations),
        [],
    )


def _header(reading: Reading, draft: "Draft | None", rule_set: "RuleSet", stem: str) -> Header | None:
    def given(name: str) -> str | None:
        return draft.get(name) if draft is not None else None

    currency = given("currency") or "USD"
    if draft is not None and currency != "USD" and currency not in STABLECOINS:
        reading.refuse(
            draft.at("currency"), "MC015", f"totals cannot be reported in {currency}", "write USD or a USD stablecoin"
        )
    if draft is not None and given("margin_model") == "scenario":
        reading.refuse(
            draft.at("margin_model"),
            "MC015",
            rule_set.not_offered_message("margin_model", "scenario") or "`margin_model: scenario` is not offered yet",
            "write tiered, or remove it",
        )
    mode = rule_set.mode(given("collateral_mode"))
    if mode is None:
        if draft is not None:
            offered = " or ".join(one.collateral_mode.value for one in rule_set.modes)
            reading.refuse(
                draft.at("collateral_mode"),
                "MC015",
                f"{rule_set.name} has no `{given('collateral_mode')}` mode",
                f"write {offered}",
            )
        return None
    rules = _overridden(reading, draft, mode, mode.rules, rule_set)
    return Header(
        name=given("name") or stem,
        currency=currency,
        mode=mode,
        position_mode=PositionMode(given("position_mode") or "one-way"),
        rules=rules,
        isolated_rules=_overridden(reading, draft, mode, mode.isolated_rules, rule_set)
        if mode.isolated_rules
        else None,
        as_of=given("as_of"),
        taker_fee=draft.get("taker_fee", mode.taker_fee) if draft is not None else mode.taker_fee,
    )


def _overridden(reading: Reading, draft: "Draft | None", mode: "Mode", rules: Rules, rule_set: "RuleSet") -> Rules:
    """The venue's rules with the file's netting and level; a kinder one than the venue's is a fact."""
    rules = replace(rules, close_fee_in=CloseFeeIn(mode.close_fee_in.value))
    if draft is None:
        return rules
    netting = Netting(draft.get("netting") or rules.netting.value)
    across = Netting(draft.get("underlying_netting") or rules.underlying_netting.value)
    level = draft.get("liquidation_level", rules.level)
    for name, kinder in (
        ("netting", KINDER[netting] > KINDER[rules.netting]),
        ("underlying_netting", KINDER[across] > KINDER[rules.underlying_netting]),
        ("liquidation_level", level < rules.level),
    ):
        if kinder and not rule_set.is_generic:
            reading.observe("MC208", "account", f"`{name}` is kinder than {rule_set.name}'s rule", draft.at(name))
    return replace(rules, netting=netting, underlying_netting=across, level=level)


def _counted_assets(
    header: Header,
    held: dict[str, tuple[Decimal, "Draft"]],
    rows: list[Row],
) -> dict[str, "Node"]:
    """Assets that may have positive equity in a cross pool, with the place that makes them count."""
    needed: dict[str, Node] = {}
    for asset, (amount, row) in held.items():
        if amount > 0 or "haircut" in row or "haircut_tiers" in row:
            needed[asset] = row.node
    for entry in rows:
        if entry.position.margin_mode is MarginMode.CROSS:
            needed.setdefault(entry.position.contract.settle, entry.draft.at("symbol"))
    for asset, (_, row) in held.items():
        if asset not in needed and ("loan_rate" in row or header.mode.terms(asset, header.currency) is not None):
            needed[asset] = row.node
    return needed


def _check_offered(reading: Reading, draft: "Draft", rule_set: "RuleSet", header: Header, rows: list[Row]) -> None:
    """What the venue does not offer in this mode."""
    for row in rows:
        position = row.position
        if position.margin_mode is MarginMode.ISOLATED and not header.mode.offers_isolated:
            reading.refuse(
                row.draft.at("margin_mode"),
                "MC027",
                f"{rule_set.name} offers no isolated positions in {header.mode.collateral_mode.value} mode",
            )
    account = draft.get("account")
    if header.position_mode is PositionMode.HEDGE and not header.mode.offers_hedge:
        reading.refuse(account.at("position_mode"), "MC027", f"{rule_set.name} offers no hedge mode")
    if header.rules.needs_taker_fee and header.taker_fee is None and rows:
        reading.refuse(
            account.node if account is not None else draft.node,
            "MC022",
            f"{rule_set.name} counts the fee to close in its margins: the account's fee is missing",
            "add `taker_fee: ...` under `account:`, for example 0.055%",
        )


def _betas(draft: "Draft", prices: Prices) -> dict[str, Decimal]:
    given = {key.text: beta for key, beta, _ in draft.get("betas", [])}
    return {asset: given.get(asset, default_beta(asset)) for asset in prices.used}

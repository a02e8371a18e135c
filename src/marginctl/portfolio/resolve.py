"""A portfolio file and a rule set -> an account, or every problem that stands in the way."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl.core.account import (
    Account,
    MarginMode,
    MarginRules,
    OrderFees,
    Position,
    PositionMode,
    default_beta,
)
from marginctl.core.contract import ContractType
from marginctl.core.exact import ZERO
from marginctl.core.model import MarginModel
from marginctl.core.report import RulesUsed
from marginctl.document.scalars import day
from marginctl.findings import DataFact, Location, Problem
from marginctl.portfolio import collateral
from marginctl.portfolio.assets import Links, scenario_problems
from marginctl.portfolio.contracts import Contracts
from marginctl.portfolio.format import AccountEntry, OrderEntry, PortfolioFile, PositionEntry
from marginctl.portfolio.margins import (
    closing_rate,
    observe_kinder_bases,
    observe_kinder_rules,
    overridden,
)
from marginctl.portfolio.oddities import observe_oddities
from marginctl.portfolio.positions import Defaults, StatedPosition, positions
from marginctl.portfolio.prices import REFERENCE_CURRENCY, Prices, refuse_currency
from marginctl.portfolio.reading import Reading, short
from marginctl.venues.model_format import ModelSettings, settings_of

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.source import Source
    from marginctl.portfolio.orders import Placed
    from marginctl.venues.rule_set import Mode, RuleSet


class Resolved(Struct, frozen=True):
    """An account with what a reader must know about its data; ``locations`` by subject, ``rows`` of its positions."""

    account: Account
    rules_used: RulesUsed
    assumptions: tuple[str, ...]
    facts: tuple[DataFact, ...]
    locations: dict[str, Location]
    rows: tuple[StatedPosition, ...] = ()


class Header(Struct, frozen=True):
    """The `account:` section, resolved."""

    name: str
    currency: str
    mode: "Mode"
    position_mode: PositionMode
    rules: MarginRules
    isolated_rules: MarginRules | None
    as_of: str | None
    taker_fee: Decimal | None
    closing_fee: Decimal | None

    def stated_rules(self, position: Position) -> MarginRules:
        """What the venue states for a position's pool, without what the file states instead."""
        own = self.mode.isolated_rules if position.margin_mode is MarginMode.ISOLATED else None
        return own or self.mode.rules


def resolve(
    draft: PortfolioFile, source: "Source", rule_set: "RuleSet", path: Path, today: date, *, watches_tail: bool = False
) -> tuple[Resolved | None, list[Problem]]:
    """The account of a portfolio; None with the problems, all of them, when it cannot be computed.

    ``path`` is where the file lies: its stem is the default name of the account; ``today`` is the day of the figures
    where the file has no ``as_of``. ``watches_tail``: whether a limit reads the file's history.
    """
    reading = Reading(source)
    header = _header(reading, draft, rule_set, path.stem)
    prices = Prices(reading, header.currency, draft.prices, Links(reading, draft.assets))
    contracts = Contracts(reading, draft.contracts, rule_set, prices, day(header.as_of) if header.as_of else today)
    settings = _model_settings(draft, header.mode)
    defaults = _defaults(header, rule_set, needs_rates=not _has_model(draft))
    rows = positions(reading, draft.positions, contracts, prices, header.position_mode, defaults)
    held, bonus = collateral.balances(reading, draft.collateral, prices)
    given = collateral.others(reading, draft.other, prices, header.mode.collateral_mode, [*held])
    placed = _placed(reading, draft, contracts, prices, header, rows, settings)
    contracts.resolve_declared()
    contracts.observe_expired([*(row.draft for row in rows), *(one.draft for one in placed)])
    collateral.check_isolated(reading, held, [(row.position, row.draft) for row in rows])
    _check_offered(reading, draft, rule_set, header, rows)
    _check_bases(reading, draft.account, rule_set, header, rows, prices)
    terms = collateral.terms(reading, held, _settled_assets(rows, placed), header.mode, header.currency)
    reading.problems += scenario_problems(draft.scenarios, source)
    together = {**_together(draft, prices), "others": given, "bonus": bonus}
    if not (held or rows or placed or given or reading.problems):
        reading.refuse(draft.node, "MC012", "the account is empty", "list `collateral:` and `positions:`")
    if reading.problems:
        return None, reading.problems
    account = replace(
        _bare_account(header, rule_set.name, prices),
        **together,
        balances={asset: amount for asset, (amount, _) in held.items()},
        terms=terms,
        positions=tuple(row.position for row in rows),
        orders=tuple(one.order for one in placed),
    )
    account = _with_model(reading, draft, account, path.parent, settings, watches_tail=watches_tail)
    if reading.problems:
        return None, reading.problems
    traded = [row.position.contract.symbol for row in rows] + [one.order.contract.symbol for one in placed]
    used = rule_set.used(header.mode, traded, contracts.overridden, settings.published)
    reading.assumptions.update(dict.fromkeys(rule_set.assumptions_for(header.mode, account)))
    _observe_doubts(reading, draft, used)
    observe_oddities(reading, draft, rows, placed)
    found = Resolved(account, used, tuple(reading.assumptions), tuple(reading.facts), reading.locations, tuple(rows))
    return found, []


def _placed(
    reading: Reading,
    draft: PortfolioFile,
    contracts: Contracts,
    prices: Prices,
    header: Header,
    rows: list[StatedPosition],
    settings: ModelSettings,
) -> "list[Placed]":
    """The open orders."""
    if not draft.orders:
        return []
    from marginctl.portfolio.orders import orders

    return orders(
        reading,
        draft.orders,
        contracts,
        prices,
        header.position_mode,
        [row.position for row in rows],
        header.rules,
        header.taker_fee or ZERO,
        needs_rates=not _scans_orders(draft, settings),
    )


def _defaults(header: Header, rule_set: "RuleSet", *, needs_rates: bool) -> Defaults:
    """What rows may leave out."""
    terms = header.closing_fee, rule_set.funding_interval, header.rules, header.isolated_rules
    return Defaults(*terms, rule_set, needs_rates=needs_rates)


def _bare_account(header: Header, venue: str, prices: Prices) -> Account:
    """The account that a header means, before anything is in it."""
    return Account(
        name=header.name,
        venue=venue,
        currency=header.currency,
        collateral_mode=header.mode.collateral_mode,
        position_mode=header.position_mode,
        rules=header.rules,
        isolated_rules=header.isolated_rules,
        prices=prices.used,
        betas={},
        balances={},
        terms={},
        positions=(),
        as_of=header.as_of,
    )


def _model_settings(draft: PortfolioFile, mode: "Mode") -> ModelSettings:
    """What the file and the venue's mode say about a margin model of the whole."""
    if draft.account is None:
        return ModelSettings()
    header = draft.account
    return settings_of(header.margin_model, draft.portfolio_margin, mode.portfolio_margin, header.node)


def _with_model(
    reading: Reading,
    draft: PortfolioFile,
    account: Account,
    folder: Path,
    settings: ModelSettings,
    *,
    watches_tail: bool,
) -> Account:
    """The account under the margin model that its file names; ``folder``: where its history lies.

    ``watches_tail``: whether a limit reads the history where no requirement does.
    """
    reads_history = _has_model(draft) and account_model(draft) is not MarginModel.SCENARIO
    watches = watches_tail and not reads_history and draft.history is not None
    if not _has_model(draft) and not watches:
        return account
    from marginctl.portfolio.model import model_terms, watched_terms

    watched = watched_terms(reading, draft, account, folder) if watches else None
    return replace(account, model=model_terms(reading, draft, account, folder, settings), watched=watched)


def account_model(draft: PortfolioFile) -> MarginModel:
    """The margin model that a file names."""
    return MarginModel.TIERED if draft.account is None else draft.account.margin_model


def _has_model(draft: PortfolioFile) -> bool:
    """Whether a model of the whole says what cross pools need."""
    return account_model(draft) is not MarginModel.TIERED


def _scans_orders(draft: PortfolioFile, settings: ModelSettings) -> bool:
    """Whether orders count as what they would make of a unit's scan."""
    entry, header = settings.entry, draft.account
    return header is not None and entry is not None and entry.scans_orders(header.margin_model)


def _header(reading: Reading, file: PortfolioFile, rule_set: "RuleSet", stem: str) -> Header:
    mode, draft = rule_set.modes[0], file.account
    if draft is None:
        return Header(
            *(stem, REFERENCE_CURRENCY, mode, PositionMode.ONE_WAY, mode.rules, mode.isolated_rules, None),
            mode.taker_fee,
            mode.taker_fee,
        )
    refuse_currency(reading, draft, file)
    _refuse_unavailable(reading, draft, rule_set)
    mode = rule_set.mode(draft.collateral_mode) or mode
    observe_kinder_rules(reading, draft, [mode.rules, mode.isolated_rules or mode.rules], rule_set)
    account_fee = mode.taker_fee if draft.taker_fee is None else draft.taker_fee
    return Header(
        name=draft.name or stem,
        currency=draft.currency or REFERENCE_CURRENCY,
        mode=mode,
        position_mode=draft.position_mode,
        rules=overridden(draft, mode.rules),
        isolated_rules=overridden(draft, mode.isolated_rules) if mode.isolated_rules else None,
        as_of=draft.as_of,
        taker_fee=account_fee,
        closing_fee=closing_rate(reading, draft, account_fee),
    )


def _observe_doubts(reading: Reading, draft: PortfolioFile, used: RulesUsed) -> None:
    """Rules not verified, something assumed, something that an import left out: none of it passes in silence."""
    account = draft.account
    where = account.at(AccountEntry.venue) if account is not None else draft.node
    if used.status != "verified":
        reading.observe("MC203", "rules", f"the rules of {used.venue} are {used.status}", where)
    count = len(reading.assumptions)
    if count:
        message = f"the figures rest on {count} assumption{'s' if count > 1 else ''}, listed under assumptions"
        reading.observe("MC204", "account", message, draft.at(PortfolioFile.account))
    for text, node in draft.origin.left_out() if draft.origin is not None else ():
        reading.observe("MC220", "import", f"left out of the import, or unknown: {text}", node)


def _refuse_unavailable(reading: Reading, draft: AccountEntry, rule_set: "RuleSet") -> None:
    """Settings that exist but not here: a margin model, a mode that the venue does not have."""
    wanted = draft.collateral_mode
    refused = rule_set.not_offered_message("margin_model", draft.margin_model.value)
    if refused:
        reading.refuse(draft.at(AccountEntry.margin_model), "MC015", refused, "write tiered, or remove the line")
    if wanted is not None and rule_set.mode(wanted) is None:
        offered = " or ".join(one.collateral_mode.value for one in rule_set.modes)
        message = f"{rule_set.name} has no {wanted} mode"
        reading.refuse(draft.at(AccountEntry.collateral_mode), "MC015", message, f"write {offered}, or remove the line")


def _settled_assets(rows: list[StatedPosition], placed: "list[Placed]") -> dict[str, "Node"]:
    """Assets in which cross positions and orders settle, with the place of the first that does."""
    settled: dict[str, Node] = {}
    for row in rows:
        if row.position.margin_mode is MarginMode.CROSS:
            settled.setdefault(row.position.contract.settle, row.draft.at(PositionEntry.symbol))
    for one in placed:
        settled.setdefault(one.order.contract.settle, one.draft.at(OrderEntry.symbol))
    return settled


def _check_offered(
    reading: Reading, draft: PortfolioFile, rule_set: "RuleSet", header: Header, rows: list[StatedPosition]
) -> None:
    """What the venue does not offer in this mode."""
    _refuse_quantos(reading, rows, modelled=_has_model(draft))
    for row in rows:
        position = row.position
        if position.margin_mode is MarginMode.ISOLATED and not header.mode.offers_isolated:
            reading.refuse(
                row.draft.at(PositionEntry.margin_mode),
                "MC027",
                f"{rule_set.name} offers no isolated positions in {header.mode.collateral_mode.value} mode",
                "write `margin_mode: cross`" + _modes_with_isolated(rule_set),
            )
    account = draft.account
    if account is not None and header.position_mode is PositionMode.HEDGE and not header.mode.offers_hedge:
        reading.refuse(
            account.at(AccountEntry.position_mode),
            "MC027",
            f"{rule_set.name} offers no hedge mode",
            "write one-way, or remove the line",
        )
    _check_fees(reading, draft, rule_set, header, closes=bool(rows))


def _check_bases(
    reading: Reading,
    draft: AccountEntry | None,
    rule_set: "RuleSet",
    header: Header,
    rows: list[StatedPosition],
    prices: Prices,
) -> None:
    """The prices that margins are taken on, against what the venue states for each position."""
    rated = [(row.position, header.stated_rules(row.position)) for row in rows if row.position.has_rates]
    if draft is not None:
        observe_kinder_bases(reading, draft, rated, prices.used, rule_set)


def _check_fees(reading: Reading, draft: PortfolioFile, rule_set: "RuleSet", header: Header, *, closes: bool) -> None:
    """A fee that no margin counts is said; one that a margin counts must be known."""
    account, rules = draft.account, header.rules
    counts_order_fees = rules.order_fees is not OrderFees.NONE
    has_own = account is not None and account.close_fee is not None and account.close_fee.rate is not None
    counted = (rules.needs_taker_fee and not has_own) or counts_order_fees
    if account is not None and AccountEntry.taker_fee in account and not counted:
        reading.assume(f"taker_fee has no effect: {rule_set.name} counts no fee to close in its margins")
    missing = ["the fee to close"] if rules.needs_taker_fee and closes and header.closing_fee is None else []
    missing += ["the fees of orders"] if counts_order_fees and draft.orders and header.taker_fee is None else []
    if missing:
        reading.refuse(
            account.node if account is not None else draft.node,
            "MC022",
            f"{rule_set.name} counts {' and '.join(missing)} in its margins: the account's fee is missing",
            "add `taker_fee: ...` under `account:`, for example 0.055%",
        )


def _refuse_quantos(reading: Reading, rows: list[StatedPosition], *, modelled: bool) -> None:
    """Quantos that cannot be computed: of several quotes, under a margin model, beside rates that grow with size."""
    quantos = [row for row in rows if row.position.contract.third]
    quotes = sorted({row.position.contract.quote for row in quantos})
    if len(quotes) > 1:
        reading.refuse(
            quantos[-1].draft.at(PositionEntry.symbol),
            "MC021",
            f"quantos quoted in {' and in '.join(map(short, quotes))} cannot be computed together",
            "where both quotes move their figures are cubic: write an account for each quote",
        )
    growing = (row for row in rows if row.position.maintenance_growth or row.position.initial_growth)
    for row in growing if quantos else ():
        if row.position.contract.third or row.position.contract.type is ContractType.INVERSE:
            message = f"the rates of {short(row.position.contract.symbol)} grow with its size, in a book with quantos"
            advice = "write the rate that holds at its size, or an account of its own"
            reading.refuse(row.draft.at(PositionEntry.maintenance_rate), "MC021", message, advice)
    if quantos and modelled:
        message = f"{short(quantos[0].position.contract.symbol)} is a quanto, which margin models do not weigh"
        advice = "write `margin_model: tiered`, or leave it out"
        reading.refuse(quantos[0].draft.at(PositionEntry.symbol), "MC021", message, advice)


def _modes_with_isolated(rule_set: "RuleSet") -> str:
    modes = [f"`collateral_mode: {mode.collateral_mode.value}`" for mode in rule_set.modes if mode.offers_isolated]
    return f", or {' or '.join(modes)} under `account:`" if modes else ""


def _together(draft: PortfolioFile, prices: Prices) -> dict[str, Any]:
    """What the whole account is told: who follows whom, dollars and betas, and how its day began."""
    follows, dollars = prices.followed(draft.node), prices.dollars()

    def beta(asset: str) -> Decimal:
        led = follows.get(asset, asset)
        return draft.betas.get(asset, draft.betas.get(led, ZERO if led in dollars else default_beta(led)))

    betas = {asset: beta(asset) for asset in prices.used}
    start = None if draft.account is None else draft.account.start_of_day_equity
    return {"follows": follows, "dollars": dollars, "betas": betas, "start_of_day_equity": start}

"""Balances, their prices and haircuts, and the account's modes, as the file writes them."""

from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from marginctl.core.account import STABLECOINS, CollateralMode
from marginctl.core.contract import Contract
from marginctl.document.written import Written, WrittenLine, WrittenValue, decimal_text, simplest
from marginctl.portfolio.importing.gathering import Gathered
from marginctl.portfolio.importing.notebook import Notebook, Request, leaf, number
from marginctl.venues.answers.account import Amount, HeldAsset, HeldPosition
from marginctl.venues.answers.map_files import bundled_maps, forms_of
from marginctl.venues.rule_set import Mode, RuleSet

CROSS_UNKNOWN = "the cross wallet: it is in no answer"
COUNTED_LESS = "the venue counts another equity than what is held and its profit, by no haircut that can be told"
PERCENT = 100
MOST_PLACES = 4
"""Decimals of a haircut that was worked back: beyond them it is no haircut."""
REQUIREMENTS = ("unrealized_pnl", "initial_margin", "initial_margin + order_margin", "maintenance_margin")


class Wallet(Struct, frozen=True, kw_only=True):
    """What the account holds, beside its positions with the contract of each (None where it is not known)."""

    gathered: Gathered
    request: Request
    rule_set: RuleSet
    held: tuple[tuple[HeldPosition, Contract | None], ...]
    currency: str
    notes: Notebook

    def balances(self) -> dict[str, Fraction]:
        """Units by asset, isolated margins included: of the answers, of --wallet, or of isolated margins alone."""
        found = {asset: row.amount.value for asset, row in self.gathered.assets.items()}
        found |= {asset: Fraction(amount) for asset, amount in self.request.wallet.items()}
        if not found and self.held and not self.gathered.has("collateral"):
            found = self.set_aside()
            if found and not self.lacks_cross():
                self.notes.lack(CROSS_UNKNOWN)
        return found

    def set_aside(self) -> dict[str, Fraction]:
        """Isolated margins by settle asset."""
        found: dict[str, Fraction] = {}
        for place, (row, contract) in enumerate(self.held):
            text = self.request.given(f"positions.{place}.isolated_margin")
            margin = Fraction(text) if text else row.isolated_margin and row.isolated_margin.value
            settle = row.settle or (contract.settle if contract else "")
            if margin and settle:
                found[settle] = found.get(settle, Fraction(0)) + margin
        return found

    def lacks_cross(self) -> bool:
        """Whether a position or an order shares a wallet that no answer and no flag gives; noted as missing."""
        shares = [row for row, _ in self.held if row.margin_mode != "isolated" and not row.isolated_margin]
        if self.gathered.has("collateral") or self.request.wallet or not (shares or self.gathered.orders):
            return False
        settles = {row.settle or (contract.settle if contract else "") for row, contract in self.held} or {""}
        asset = min(settles) or "USDT"
        self.notes.need("the wallet: cross positions share it", f"the wallet answer, or --wallet {asset}=AMOUNT")
        return True

    def check_positions(self) -> None:
        """A wallet with profits or requirements, and no answer that speaks of positions."""
        if self.gathered.has("positions"):
            return
        shown = [one.expect.get(name) for one in self.gathered.answers for name in REQUIREMENTS]
        is_busy = any(one.shows_positions for one in self.gathered.answers)
        if is_busy or any(figure is not None and figure.value for figure in shown):
            self.notes.need("the positions: the wallet shows profits or requirements", "the positions answer as well")

    def collateral(self, mode: Mode | None) -> list[Written]:
        """The rows of the section."""
        self.check_positions()
        self.lacks_cross()
        self.check_whole(mode)
        rows = self.balances().items()
        implied = self.implied_haircut(mode)
        return [self.row(asset, amount, mode, implied) for asset, amount in rows]

    def row(self, asset: str, amount: Fraction, mode: Mode | None, implied: WrittenValue | None) -> Written:
        """One asset."""
        known = self.gathered.assets.get(asset)
        value = leaf(known.amount) if known else number(amount)
        haircut = self.haircut(asset, known, mode, implied)
        if haircut is None and not value.note:
            return WrittenLine({"asset": asset, "amount": value.text})
        return {"asset": asset, "amount": value, **({"haircut": haircut} if haircut else {})}

    def haircut(
        self, asset: str, known: HeldAsset | None, mode: Mode | None, implied: WrittenValue | None
    ) -> WrittenValue | None:
        """The account's own haircut, where the answers show one that counts in its mode."""
        if known is None or mode is None or mode.collateral_mode is not CollateralMode.MULTI_ASSET:
            return None
        if known.unused:
            return WrittenValue("100%", "switched off as collateral")
        if known.haircut is not None:
            return self.told(asset, known.haircut, mode)
        return implied

    def told(self, asset: str, haircut: Amount, mode: Mode) -> WrittenValue | None:
        """A haircut that the answer shows: the rule set's where that is the same to the printed digits."""
        terms = mode.terms(asset, self.currency)
        low, high = haircut.value - haircut.unit, haircut.value + haircut.unit
        published = None if terms is None or len(terms.haircuts) > 1 else Fraction(terms.haircuts[0].haircut)
        if published is not None and low <= published <= high:
            return None
        value = min(max(simplest(low, high) if haircut.unit else haircut.value, Fraction(0)), Fraction(1))
        if published is not None:
            shown = percent_text(published)
            self.notes.remark("collateral", f"{asset}: the rule set's haircut is {shown}, the account's own another")
        return WrittenValue(percent_text(value), haircut.formula or "the account's own")

    def implied_haircut(self, mode: Mode | None) -> WrittenValue | None:
        """With one coin held: 1 - equity counted / equity, where that is a haircut to the printed digits."""
        equity = self.gathered.totals.get("equity")
        (coin, *others) = self.gathered.assets.values() or [None]
        is_shared = mode is not None and mode.collateral_mode is CollateralMode.MULTI_ASSET
        if not is_shared or equity is None or coin is None or others or coin.price is None or self.request.wallet:
            return None
        made = sum((row.unrealized_pnl.value for row, _ in self.held if row.unrealized_pnl), Fraction(0))
        whole = (coin.amount.value + made) * coin.price.value
        if whole <= 0:
            return None
        share, slack = 1 - equity.value / whole, 2 * max(equity.unit, Fraction(1, 10**8)) / whole
        found = simplest(share - slack, share + slack)
        is_haircut = 0 < found <= 1 and (found * 10**MOST_PLACES).denominator == 1
        if found > 0 and not is_haircut:
            self.notes.remark("collateral", f"{coin.asset}: {COUNTED_LESS}")
        return (
            WrittenValue(percent_text(found), "1 - equity counted / equity: one coin is held") if is_haircut else None
        )

    def check_whole(self, mode: Mode | None) -> None:
        """A wallet that is a part of the account: not enough where all assets make up one pool."""
        parts = [one.file for one in self.gathered.answers if one.whole is False]
        if parts and mode is not None and mode.collateral_mode is CollateralMode.MULTI_ASSET and self.shares_pool():
            fact = f"{parts[0]} does not list every asset of the account, and all of them secure its positions"
            self.notes.need(fact, "the whole balance answer, or --wallet ASSET=AMOUNT for each of the others")

    def shares_pool(self) -> bool:
        """Whether anything depends on the assets that are not listed."""
        return bool(self.gathered.orders) or any(row.margin_mode != "isolated" for row, _ in self.held)

    def prices_assets(self) -> bool:
        """Whether the venue's wallet answers value what is held."""
        venue = self.gathered.first.venue
        forms = [form for _, form in forms_of(venue)] if venue in bundled_maps() else []
        return any(form.collateral is not None and form.collateral.price is not None for form in forms)

    def prices(self, assets: Iterable[str]) -> dict[str, Written]:
        """Of what the account holds or trades: its own valuation, else an index answer's."""
        found: dict[str, Written] = {}
        for asset in dict.fromkeys(assets):
            own = self.gathered.assets.get(asset)
            price = (own and own.price) or self.gathered.prices.get(asset)
            if price is None and own is not None and self.prices_assets():
                self.notes.remark("prices", f"{asset}: its answer gives no price")
            if price is None or asset == self.currency or price.value <= 0:
                continue
            if price.value != 1 or asset not in STABLECOINS:
                found[asset] = leaf(price)
        return found


def percent_text(value: Fraction) -> str:
    """``16%``."""
    return f"{decimal_text(value * PERCENT)[0]}%"


def mode_of(rule_set: RuleSet, gathered: Gathered, request: Request, notes: Notebook) -> tuple[Mode | None, str]:
    """The mode and its name as written; one that nobody says is a remark, or with several assets a missing fact."""
    path = "account.collateral_mode"
    given = request.given(path) or gathered.said("collateral_mode")
    if given:
        return rule_set.mode(given), given
    first = rule_set.modes[0]
    if len(rule_set.modes) == 1:
        return first, first.collateral_mode.value
    if len({*gathered.assets, *request.wallet}) > 1:
        notes.need("whether all assets secure all positions", f"--set {path}=multi-asset, or =single-asset")
        return None, ""
    notes.remark("account", f"no answer gives the collateral mode; taken as {first.collateral_mode.value}")
    return first, first.collateral_mode.value


def is_hedge(gathered: Gathered, notes: Notebook) -> bool:
    """Whether the account may hold both sides of a contract; where positions do not say it, that is a remark."""
    legs = {row.leg for row in gathered.positions}
    said = gathered.said("position_mode")
    if legs == {None} and said is None:
        notes.remark("account", "no answer gives the position mode; taken as one-way")
    return bool(legs & {"long", "short"}) or said == "hedge"

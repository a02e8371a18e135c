"""Where every input of an account comes from: a place in the file, a venue's rule, an assumption.

Keys are those of the steps of an explanation (``positions.BTCUSDT.quantity``). Looked up when a figure is explained;
resolving a portfolio knows nothing of it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.analysis.check import Loaded, Settings, rule_set_of
from marginctl.core.account import STABLECOINS
from marginctl.core.exact import ZERO
from marginctl.core.scenario import expanded
from marginctl.document.nodes import Sequence
from marginctl.document.record import Record
from marginctl.portfolio.format import PortfolioFile, PositionEntry
from marginctl.portfolio.positions import StatedPosition
from marginctl.portfolio.prices import REFERENCE_CURRENCY
from marginctl.results.explanation import InputOrigin, OriginKind
from marginctl.venues.contracts import GrowingRate, ListedRates
from marginctl.venues.model_format import UnderlyingEntry

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.venues.origin import Origin as RuleOrigin
    from marginctl.venues.rule_set import Mode, RuleSet

HISTORY = "history"
"""Whose rows stand in another file: its name is their place."""
ADDED = frozenset({"quantity", "notional", "initial_margin", "isolated_margin", "amount"})
"""What merged rows of one position add up."""
LISTED_RATES = frozenset(ListedRates.__struct_fields__)


class Origins:
    """Origins by key: the file's first, then the rule set's, then what is assumed."""

    def __init__(self, loaded: Loaded, rule_set: "RuleSet", shocks: Iterable[str] = ()) -> None:
        account, rows = loaded.account, loaded.resolved.rows
        self._file = loaded.file
        self._source = loaded.source
        self._account = account
        self._rule_set = rule_set
        self._shocked = frozenset(shocks)
        self._in_file: dict[str, tuple[Node, ...]] = {}
        self.stated: dict[str, Any] = {}
        for key, value, node in _written(loaded.file, rows):
            several = key in self._in_file and key.rpartition(".")[2] in ADDED | {"entry_price"}
            self._in_file[key] = (*self._in_file[key], node) if several else self._in_file.get(key, (node,))
            self.stated[key] = value
        self.stated |= _whole_notionals(rows)

    def of(self, key: str) -> InputOrigin:
        """Where the input of that key comes from."""
        found = self._written(key) or self._published(key) or self._assumed(key)
        return replace(found, note=_joined(found.note, "moved by --shock")) if self._is_moved(key) else found

    def _written(self, key: str) -> InputOrigin | None:
        section, _, name = key.rpartition(".")
        nodes, note = self._in_file.get("history.file" if section == HISTORY else key, ()), ""
        if name == "quantity":
            given = self._in_file.get(f"{section}.notional", ())
            nodes = (*nodes, *given)
            note = "from the notional at the mark before --shock" if given and self._shocked else ""
        if name == "initial_margin" and self._shocked:
            note = "grows with the notional under --shock"
        if not nodes:
            return None
        places = tuple(self._source.location(node) for node in nodes if node.line)
        if len(nodes) > 1:
            note = _joined(note, "rows weighted by quantity" if name == "entry_price" else "rows added up")
        return InputOrigin(
            kind=OriginKind.FILE if places else OriginKind.FLAG, locations=places, note=note if places else "--set"
        )

    def _is_moved(self, key: str) -> bool:
        section, _, name = key.partition(".")
        if section == "prices":
            return name in self._shocked
        contracts = [one.contract for one in self._account.positions]
        contracts += [one.contract for one in self._account.orders]
        return section == "marks" and any(
            contract.symbol == name and {contract.base, contract.quote} & self._shocked for contract in contracts
        )

    def _mode(self) -> "Mode":
        mode = self._rule_set.mode(self._account.collateral_mode.value)
        return mode or self._rule_set.modes[0]

    def _published(self, key: str) -> InputOrigin | None:
        section, _, rest = key.partition(".")
        if section in {"rules", "isolated_rules"}:
            return self._from_rule(self._mode().origins.get(rest))
        if section == "contracts":
            return self._from_listing(rest)
        if section == "positions" and rest.rpartition(".")[2] in LISTED_RATES:
            return self._from_listed_rates(rest.rpartition(".")[0])
        if section == "portfolio_margin":
            return self._from_model(*rest.split(".")[:2])
        if section == "collateral":
            return self._from_collateral(*rest.rsplit(".", 1)) if "." in rest else None
        if key == "account.taker_fee" and self._mode().taker_fee is not None:
            return self._dated()
        if rest.endswith(".funding_interval") and self._rule_set.published_funding_interval is not None:
            return self._from_rule(None)
        return None

    def _from_rule(self, origin: "RuleOrigin | None") -> InputOrigin:
        """A rule of the rule set; one without an origin of its own has the date of the whole."""
        if self._rule_set.is_generic:
            return InputOrigin(kind=OriginKind.CONVENTION, rule_set=self._rule_set.name)
        trust = origin.trust.value if origin and origin.trust else None
        return self._dated(origin.as_of if origin else None, trust, origin.source if origin else None)

    def _dated(self, as_of: str | None = None, trust: str | None = None, source: str | None = None) -> InputOrigin:
        """What the rule set says, with the text of its source."""
        rules = self._rule_set
        text = next((one.text for one in rules.sources if one.id == source), None)
        dated = as_of or rules.as_of
        return InputOrigin(kind=OriginKind.VENUE, rule_set=rules.name, as_of=dated, trust=trust, source=text)

    def _from_model(self, part: str, number: str) -> InputOrigin | None:
        """A row of the venue's margin model; the portfolio's own rows come before those."""
        model, own = self._mode().portfolio_margin, self._file.portfolio_margin
        if model is None or self._account.model is None:
            return None
        if part in {"maintenance", "initial"}:
            grade = getattr(model, part)
            return None if grade is None else self._from_rule(grade)
        rows: list[RuleOrigin] = [*getattr(model, part)] if part in {"underlyings", "charges"} else []
        place = int(number) - (len(getattr(own, part)) if own is not None else 0)
        return self._from_rule(rows[place]) if 0 <= place < len(rows) else None

    def _from_listing(self, rest: str) -> InputOrigin | None:
        """A contract as published; what its key names may also stand in the file."""
        listing = self._rule_set.listing(rest.rpartition(".tiers.")[0] or rest.rpartition(".")[0])
        return None if listing is None else self._dated(listing.as_of, listing.status.value, listing.source)

    def _from_listed_rates(self, position: str) -> InputOrigin | None:
        """The rates that a position has from its contract as published."""
        symbol = next(one.contract.symbol for one in self._account.positions if one.key == position)
        listing = self._rule_set.listing(symbol)
        if listing is None or listing.rates is None:
            return None
        found = self._dated(listing.as_of, listing.status.value, listing.source)
        return replace(found, note=f"as published for {symbol}")

    def _from_collateral(self, asset: str, name: str) -> InputOrigin | None:
        """How a venue counts an asset: as published, else as the mode counts all of them."""
        if name in {"amount", "asset", "pool"}:
            return None
        asset = asset.removesuffix(".haircut_tiers")
        collateral = self._mode().collateral
        published = collateral.published(asset)
        note = "1 + haircut" if name.endswith("_factor") and collateral.ask_buffer else ""
        if published is not None and (name != "loan_rate" or published.loan_rate is not None):
            return replace(
                self._from_rule(published.origin), note="; ".join(filter(None, (note, published.assumption)))
            )
        return replace(self._from_rule(None), note=note)

    def _assumed(self, key: str) -> InputOrigin:
        section, _, rest = key.partition(".")
        if section == "prices":
            return self._assumed_price(rest)
        if section == "marks":
            return InputOrigin(kind=OriginKind.DERIVED, note="price of the base / price of the quote")
        if section == "betas":
            led = self._account.follows.get(rest)
            note = "1; stablecoins and fiat currencies 0" if led is None else f"that of {led}, which it follows"
            return InputOrigin(kind=OriginKind.CONVENTION, note=note)
        name = rest.rpartition(".")[2]
        return _DEFAULTS.get((section, name)) or _DEFAULTS.get((section, "")) or InputOrigin(kind=OriginKind.DERIVED)

    def _assumed_price(self, asset: str) -> InputOrigin:
        if asset == self._account.currency:
            return InputOrigin(kind=OriginKind.CONVENTION, note="the account's currency")
        if asset in STABLECOINS or asset == REFERENCE_CURRENCY:
            return InputOrigin(kind=OriginKind.ASSUMED, note="priced at 1")
        led = self._account.follows.get(asset)
        if asset in self._account.dollars:
            return InputOrigin(kind=OriginKind.ASSUMED, note="priced at 1")
        note = "from the mark of a contract" if led is None else f"from the price of {led} or the mark of a contract"
        return InputOrigin(kind=OriginKind.DERIVED, note=note)


def origins_of(loaded: Loaded, settings: Settings) -> Origins:
    """Where the inputs of a portfolio stand."""
    rule_set, _ = rule_set_of(loaded.file, loaded.source, settings)
    if rule_set is None:
        raise RuntimeError("a rule set that was read a moment ago cannot be read again")
    shocks = expanded(settings.shocks, loaded.resolved.account)
    return Origins(loaded, rule_set, shocks)


_DEFAULTS = {
    ("positions", "entry_price"): InputOrigin(kind=OriginKind.ASSUMED, note="the mark, as no entry_price is given"),
    ("positions", "funding_interval"): InputOrigin(kind=OriginKind.ASSUMED, note="8h, as no funding_interval is given"),
    ("positions", "funding_rate"): InputOrigin(kind=OriginKind.ASSUMED, note="not given"),
    ("positions", "maintenance_deduction"): InputOrigin(kind=OriginKind.CONVENTION, note="0 where none is given"),
    ("positions", "margin_mode"): InputOrigin(kind=OriginKind.CONVENTION, note="cross where none is given"),
    ("positions", "purpose"): InputOrigin(kind=OriginKind.CONVENTION, note="not given"),
    ("collateral", "amount"): InputOrigin(kind=OriginKind.CONVENTION, note="not listed: none is held"),
    ("contracts", "contract_size"): InputOrigin(kind=OriginKind.CONVENTION, note="1 where none is given"),
    ("portfolio_margin", "factor"): InputOrigin(kind=OriginKind.ASSUMED, note="1.3 of initial margin, 1 of all others"),
    ("account", "name"): InputOrigin(kind=OriginKind.CONVENTION, note="the name of the file"),
    ("account", "as_of"): InputOrigin(kind=OriginKind.CONVENTION, note="not given"),
    ("account", ""): InputOrigin(kind=OriginKind.CONVENTION, note="the default"),
}


def _joined(*notes: str) -> str:
    return ", ".join(filter(None, notes))


def _written(file: PortfolioFile, positions: Iterable[StatedPosition]) -> Iterator[tuple[str, Any, "Node"]]:
    """Key, value and place of every input that the file states."""
    for key, value, node in _entries("account", file.account) if file.account is not None else ():
        yield key, value, node
        if key == "account.liquidation_level":
            yield "rules.level", value, node
            yield "isolated_rules.level", value, node
        if key == "account.close_fee":
            for inner, rate, place in _entries(key, value):
                if inner.endswith(".rate"):
                    yield "account.taker_fee", rate, place
    for section, entries in (("prices", file.prices), ("betas", file.betas)):
        for name, value, node in entries.rows():
            yield f"{section}.{name.text}", value, node
    for held in file.collateral:
        yield from _entries(f"collateral.{held.asset}", held)
    for symbol, contract in file.contracts.items():
        yield from _entries(f"contracts.{symbol}", contract)
    for row, lot in _lots(positions):
        for key, value, node in _entries(f"positions.{row.position.key}", lot):
            is_mark = key.endswith(".mark_price")
            yield f"marks.{row.position.contract.symbol}" if is_mark else key, value, node
    yield from _model(file)
    for k, order in enumerate(file.orders):
        yield from _entries(f"orders.{k}", order)
    for given in file.other:
        yield from _entries(f"other.{given.name}", given)


def _model(file: PortfolioFile) -> Iterator[tuple[str, Any, "Node"]]:
    """The rows and rates of a margin model."""
    if file.history is not None:
        yield from _entries("history", file.history)
    model = file.portfolio_margin
    if model is None:
        return
    for name, rows in (("underlyings", model.underlyings), ("spreads", model.spreads), ("charges", model.charges)):
        for k, row in enumerate(rows):
            yield f"portfolio_margin.{name}.{k}", None, row.node
            yield from _entries(f"portfolio_margin.{name}.{k}", row)
    for k, row in enumerate(model.underlyings):
        moves = row.at(UnderlyingEntry.moves)
        for j, node in enumerate(moves.items if isinstance(moves, Sequence) else ()):
            yield f"portfolio_margin.underlyings.{k}.moves.{j}", None, node
    for name, grade in (("maintenance", model.maintenance), ("initial", model.initial)):
        if grade is not None:
            yield from _entries(f"portfolio_margin.{name}", grade)


def _entries(prefix: str, row: Record) -> Iterator[tuple[str, Any, "Node"]]:
    """The fields of a row, tables row by row; a single haircut tier is a haircut."""
    for word, value, node in row.items():
        name = word.text
        if isinstance(value, GrowingRate):
            yield f"{prefix}.{name}", value.base, value.at(GrowingRate.base)
            yield f"{prefix}.{name.replace('_rate', '_growth')}", value.per_unit, value.at(GrowingRate.per_unit)
            continue
        tiers: list[Record] = value if name in {"tiers", "haircut_tiers"} else []
        is_one = len(tiers) == 1 and name == "haircut_tiers"
        for k, tier in enumerate(tiers):
            yield f"{prefix}.haircut" if is_one else f"{prefix}.{name}.{k}", None, tier.node
        if not tiers:
            yield f"{prefix}.{name}", value, node


def _lots(positions: Iterable[StatedPosition]) -> Iterator[tuple[StatedPosition, PositionEntry]]:
    """Every row of ``positions:`` with the position that it is, or is part of."""
    return ((row, lot.draft) for row in positions for lot in row.lots)


def _whole_notionals(positions: Iterable[StatedPosition]) -> dict[str, Decimal]:
    """The notionals given, added up where rows are merged."""
    added: dict[str, Decimal] = {}
    for row, lot in _lots(positions):
        if lot.notional is not None:
            key = f"positions.{row.position.key}.notional"
            added[key] = added.get(key, ZERO) + lot.notional
    return added

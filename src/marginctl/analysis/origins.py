"""Where every input of an account comes from: a place in the file, a venue's rule, an assumption.

Keys are those of ``core.explain`` (``positions.BTCUSDT.quantity``). Looked up when a figure is explained; resolving a
portfolio knows nothing of it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from marginctl.analysis.check import Loaded, Settings
from marginctl.core.account import STABLECOINS, Account, Position
from marginctl.core.contract import LONG
from marginctl.core.exact import ZERO
from marginctl.core.scenario import expanded
from marginctl.explanation import Origin, OriginKind
from marginctl.portfolio.prices import REFERENCE_CURRENCY
from marginctl.venues.loader import load

if TYPE_CHECKING:
    from marginctl.document.nodes import Node
    from marginctl.document.shape import Draft
    from marginctl.document.source import Source
    from marginctl.venues.origin import Origin as RuleOrigin
    from marginctl.venues.rule_set import Mode, RuleSet

ADDED = frozenset({"quantity", "notional", "initial_margin", "isolated_margin"})
"""What merged rows of one position add up."""


class Origins:
    """Origins by key: the file's first, then the rule set's, then what is assumed."""

    def __init__(
        self, draft: "Draft", source: "Source", account: Account, rule_set: "RuleSet", shocks: Iterable[str] = ()
    ) -> None:
        self._source = source
        self._account = account
        self._rule_set = rule_set
        self._shocked = frozenset(shocks)
        self._in_file: dict[str, tuple[Node, ...]] = {}
        self.stated: dict[str, Any] = {}
        for key, value, node in _written(draft, account):
            several = key in self._in_file and key.rpartition(".")[2] in ADDED | {"entry_price"}
            self._in_file[key] = (*self._in_file[key], node) if several else self._in_file.get(key, (node,))
            self.stated[key] = value
        self.stated |= _whole_notionals(draft, account)

    def of(self, key: str) -> Origin:
        """Where the input of that key comes from."""
        found = self._written(key) or self._published(key) or self._assumed(key)
        return replace(found, note=_joined(found.note, "moved by --shock")) if self._is_moved(key) else found

    def _written(self, key: str) -> Origin | None:
        section, _, name = key.rpartition(".")
        nodes, note = self._in_file.get(key, ()), ""
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
        return Origin(
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

    def _published(self, key: str) -> Origin | None:
        section, _, rest = key.partition(".")
        if section in {"rules", "isolated_rules"}:
            return self._from_rule(self._mode().origins.get(rest))
        if section == "contracts":
            return self._from_listing(rest)
        if section == "collateral":
            return self._from_collateral(*rest.rsplit(".", 1)) if "." in rest else None
        if key == "account.taker_fee" and self._mode().taker_fee is not None:
            return Origin(kind=OriginKind.VENUE, rule_set=self._rule_set.name, as_of=self._rule_set.as_of)
        if rest.endswith(".funding_interval") and self._rule_set.published_funding_interval is not None:
            return self._from_rule(None)
        return None

    def _from_rule(self, origin: "RuleOrigin | None") -> Origin:
        """A rule of the rule set; one without an origin of its own has the date of the whole."""
        if self._rule_set.is_generic:
            return Origin(kind=OriginKind.CONVENTION, rule_set=self._rule_set.name)
        return Origin(
            kind=OriginKind.VENUE,
            rule_set=self._rule_set.name,
            as_of=(origin.as_of if origin else None) or self._rule_set.as_of,
            trust=origin.trust.value if origin and origin.trust else None,
            source=self._source_text(origin.source if origin else None),
        )

    def _source_text(self, identifier: str | None) -> str | None:
        return next((one.text for one in self._rule_set.sources if one.id == identifier), None)

    def _from_listing(self, rest: str) -> Origin | None:
        """A contract as published; its tiers and its size may also stand in the file."""
        symbol = rest.removesuffix(".contract_size")
        if symbol == rest:
            symbol = rest.rpartition(".tiers.")[0]
        listing = self._rule_set.listing(symbol)
        if listing is None:
            return None
        return Origin(
            kind=OriginKind.VENUE,
            rule_set=self._rule_set.name,
            as_of=listing.as_of or self._rule_set.as_of,
            trust=listing.status.value,
            source=self._source_text(listing.source),
        )

    def _from_collateral(self, asset: str, name: str) -> Origin | None:
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

    def _assumed(self, key: str) -> Origin:
        section, _, rest = key.partition(".")
        if section == "prices":
            return self._assumed_price(rest)
        if section == "marks":
            return Origin(kind=OriginKind.DERIVED, note="price of the base / price of the quote")
        if section == "betas":
            return Origin(kind=OriginKind.CONVENTION, note="1; stablecoins and fiat currencies 0")
        name = rest.rpartition(".")[2]
        return _DEFAULTS.get((section, name)) or _DEFAULTS.get((section, "")) or Origin(kind=OriginKind.DERIVED)

    def _assumed_price(self, asset: str) -> Origin:
        if asset == self._account.currency:
            return Origin(kind=OriginKind.CONVENTION, note="the account's currency")
        if asset in STABLECOINS or asset == REFERENCE_CURRENCY:
            return Origin(kind=OriginKind.ASSUMED, note="priced at 1")
        return Origin(kind=OriginKind.DERIVED, note="from the mark of a contract")


def origins_of(loaded: Loaded, file: str, settings: Settings) -> Origins:
    """Where the inputs of a portfolio stand."""
    draft, source = loaded.draft, loaded.source
    rule_set, _ = load(draft.get("account"), source, directory=settings.rules_dir, beside=Path(file).parent)
    if rule_set is None:
        raise RuntimeError("a rule set that was read a moment ago cannot be read again")
    shocks = expanded(settings.shocks, loaded.resolved.account)
    return Origins(draft, source, loaded.account, rule_set, shocks)


_DEFAULTS = {
    ("positions", "entry_price"): Origin(kind=OriginKind.ASSUMED, note="the mark, as no entry_price is given"),
    ("positions", "funding_interval"): Origin(kind=OriginKind.ASSUMED, note="8h, as no funding_interval is given"),
    ("positions", "funding_rate"): Origin(kind=OriginKind.ASSUMED, note="not given"),
    ("positions", "maintenance_deduction"): Origin(kind=OriginKind.CONVENTION, note="0 where none is given"),
    ("positions", "margin_mode"): Origin(kind=OriginKind.CONVENTION, note="cross where none is given"),
    ("positions", "purpose"): Origin(kind=OriginKind.CONVENTION, note="not given"),
    ("collateral", "amount"): Origin(kind=OriginKind.CONVENTION, note="not listed: none is held"),
    ("contracts", "contract_size"): Origin(kind=OriginKind.CONVENTION, note="1 where none is given"),
    ("account", "name"): Origin(kind=OriginKind.CONVENTION, note="the name of the file"),
    ("account", "as_of"): Origin(kind=OriginKind.CONVENTION, note="not given"),
    ("account", ""): Origin(kind=OriginKind.CONVENTION, note="the default"),
}


def _joined(*notes: str) -> str:
    return ", ".join(filter(None, notes))


def _written(draft: "Draft", account: Account) -> Iterator[tuple[str, Any, "Node"]]:
    """Key, value and place of every input that the file states."""
    header: Draft | None = draft.get("account")
    for key, value, node in header.items() if header is not None else ():
        name = key.text
        yield f"account.{name}", value, node
        if name == "liquidation_level":
            yield "rules.level", value, node
            yield "isolated_rules.level", value, node
    for section in ("prices", "betas"):
        for key, value, node in draft.get(section, []):
            yield f"{section}.{key.text}", value, node
    for row in draft.get("collateral", []):
        yield from _collateral(row)
    for key, row, _ in draft.get("contracts", []):
        yield from _fields(f"contracts.{key.text}", row, ("contract_size",))
        for k, tier in enumerate(row.get("tiers", [])):
            yield f"contracts.{key.text}.tiers.{k}", None, tier.node
    for row, position in _rows(draft, account):
        yield from _position(row, position)
    for k, row in enumerate(draft.get("orders", [])):
        yield from _fields(f"orders.{k}", row, ("quantity", "price", "leverage", "initial_rate"))


def _fields(prefix: str, row: "Draft", names: Iterable[str]) -> Iterator[tuple[str, Any, "Node"]]:
    for name in names:
        if name in row:
            yield f"{prefix}.{name}", row.get(name), row.at(name)


def _collateral(row: "Draft") -> Iterator[tuple[str, Any, "Node"]]:
    prefix = f"collateral.{row.get('asset')}"
    yield from _fields(prefix, row, ("amount", "haircut", "loan_rate"))
    tiers: list[Draft] = row.get("haircut_tiers", [])
    for k, tier in enumerate(tiers):
        name = f"{prefix}.haircut_tiers.{k}" if len(tiers) > 1 else f"{prefix}.haircut"
        yield name, tier.get("haircut"), tier.node


def _rows(draft: "Draft", account: Account) -> Iterator[tuple["Draft", Position]]:
    """Every row of ``positions:`` with the position that it is, or is part of."""
    held = {(p.contract.symbol, p.side == LONG, p.margin_mode.value): p for p in account.positions}
    for row in draft.get("positions", []):
        position = held.get((row.get("symbol"), row.get("side") == "long", row.get("margin_mode") or "cross"))
        if position is not None:
            yield row, position


def _position(row: "Draft", position: Position) -> Iterator[tuple[str, Any, "Node"]]:
    """The fields of a row; its mark is that of its contract."""
    for key, value, node in row.items():
        name = key.text
        is_mark = name == "mark_price"
        yield f"marks.{position.contract.symbol}" if is_mark else f"positions.{position.key}.{name}", value, node


def _whole_notionals(draft: "Draft", account: Account) -> dict[str, Decimal]:
    """The notionals given, added up where rows are merged."""
    added: dict[str, Decimal] = {}
    for row, position in _rows(draft, account):
        if "notional" in row:
            key = f"positions.{position.key}.notional"
            added[key] = added.get(key, ZERO) + row.get("notional")
    return added

"""What the float screen needs of a book's header: tables that are derived in decimals and rounded once.

Nothing here is computed in binary: rates, deductions, borders, haircuts and intercepts are those of the exact curves,
and whether health bends downward only (``JUMPS``, ``FALLS``) is decided on the decimals. What the screen does not model
(quantos, assets that follow another one, margin models) is no part of the tables: its rows are left to the exact core.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise, product
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct

from marginctl.core.account import Account, Basis, CloseFee, CloseFeeIn, MarginRules, Netting
from marginctl.core.contract import Contract, ContractType, TiersBy, collateral_curve, maintenance_curve
from marginctl.core.exact import ONE, ZERO, exactly, sign
from marginctl.core.piecewise import Curve
from marginctl.core.pool import BARE_TERMS, shared_name, terms_in

Figures: TypeAlias = np.ndarray[Any, np.dtype[Any]]

PIECE = np.dtype([("border", "f8"), ("slope", "f8"), ("intercept", "f8"), ("flags", "i4"), ("pad", "i4")], align=True)
TIER = np.dtype([("up_to", "f8"), ("rate", "f8"), ("deduction", "f8"), ("initial", "f8")], align=True)
CONTRACT = np.dtype(
    [
        *((name, "f8") for name in ("size", "mark")),
        *((name, "i4") for name in ("base", "quote", "settle", "driver", "underlying")),
        *((name, "i4") for name in ("tiers", "tiers_end", "curve", "curve_end", "type", "flags", "pad")),
    ],
    align=True,
)
ASSET = np.dtype(
    [
        *((name, "f8") for name in ("price", "beta", "loan_rate", "weight", "largest", "steepest")),
        *((name, "i4") for name in ("curve", "curve_end", "flags", "pad")),
    ],
    align=True,
)
RULES = np.dtype(
    [
        *((name, "f8") for name in ("level", "warning")),
        *((name, "i4") for name in ("netting", "underlying_netting", "initial_basis", "maintenance_basis")),
        *((name, "i4") for name in ("close_fee", "close_fee_in")),
    ],
    align=True,
)
VARIANT = np.dtype(
    [
        *((name, RULES) for name in ("cross", "isolated")),
        ("taker_fee", "f8"),
        *((name, "i4") for name in ("assets", "multi", "offers_isolated", "offers_hedge")),
    ],
    align=True,
)
SCREENED_LIMITS = ("MC101", "MC102", "MC103", "MC104", "MC106", "MC107")
LIMITS = np.dtype(
    [
        ("fail", "f8", len(SCREENED_LIMITS)),
        ("warn", "f8", len(SCREENED_LIMITS)),
        *((name, "i4") for name in ("fail_alone", "warn_alone", "apart", "bare")),
    ],
    align=True,
)
"""The tables of ``_kernel.h``, field by field."""

LINEAR, INVERSE, UNMODELLED = range(3)
BY_QUANTITY, ALL_INITIAL, JUMPS = 1, 2, 4
KNOWN, VOLATILE, CURRENCY, NO_DEBT, FALLS = 1, 2, 4, 8, 16
JUMP, BEGINS = 1, 2
NETTINGS = (Netting.NONE, Netting.LARGER_LEG, Netting.NET, Netting.HEDGED_FEES)
BASES = (Basis.MARK, Basis.ENTRY)
FEES = (CloseFee.NONE, CloseFee.MARK, CloseFee.BANKRUPTCY)
FEES_IN = (CloseFeeIn.MAINTENANCE, CloseFeeIn.INITIAL_AND_MAINTENANCE)
UNDERLYING_NETTINGS = (Netting.NONE, Netting.LARGER_LEG)
TYPES = {ContractType.LINEAR: LINEAR, ContractType.INVERSE: INVERSE}
Piece: TypeAlias = tuple[Decimal | None, Decimal, Decimal, int]
Variant: TypeAlias = tuple[str, str | None, str | None]
"""Collateral mode, netting, netting across an underlying (None = the header's)."""


class ModeTerms(Struct, frozen=True, kw_only=True):
    """One collateral mode of a book: an account without positions and amounts, and what its venue says beside.

    ``assets``: those whose terms the account's ``terms`` have are known. ``largest``: the amount beyond which the
    haircut of an asset is not known; ``no_debt``: assets of which a debt needs a loan rate that nobody states.
    """

    account: Account
    taker_fee: Decimal = ZERO
    offers_isolated: bool = True
    offers_hedge: bool = True
    largest: Mapping[str, Decimal] = {}
    no_debt: frozenset[str] = frozenset()


class ScreenLimit(Struct, frozen=True):
    """The strictest limit of each severity; None = none. ``*_alone``: of a concentration, with one underlying too."""

    fail: Decimal | None = None
    warn: Decimal | None = None
    fail_alone: bool = True
    warn_alone: bool = True


class Compiled(Struct, frozen=True):
    """The tables of a book, shared by threads and never changed; ``symbols`` and ``assets`` are their codes.

    ``variants``: by mode, netting and underlying netting (None = the header's). ``pools``: the names of pools by code.
    """

    tables: tuple[Figures, ...]
    symbols: dict[str, int]
    assets: dict[str, int]
    variants: dict[Variant, int]
    mode: str
    is_hedged: bool
    venue: str
    pools: tuple[str, ...]


class _Tables:
    """Rows as they are laid down, the same curve once."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.tiers: list[tuple[Decimal | None, Decimal, Decimal, Decimal]] = []
        self.curves: dict[tuple[Piece, ...], tuple[int, int]] = {}

    def curve(self, pieces: list[Piece]) -> tuple[int, int]:
        """Where the pieces of a curve begin and end."""
        key = tuple(pieces)
        if key not in self.curves:
            self.curves[key] = len(self.pieces), len(self.pieces) + len(pieces)
            self.pieces += pieces
        return self.curves[key]


def compile_book(
    modes: Iterable[ModeTerms],
    contracts: Mapping[str, Contract],
    limits: Mapping[str, ScreenLimit] = {},
    *,
    apart: bool = False,
) -> Compiled:
    """The tables of a book. ``modes``: the header's own first; ``apart``: isolated margins are beside the balances."""
    with exactly():
        return _compiled(tuple(modes), contracts, limits, apart=apart)


def _compiled(
    modes: tuple[ModeTerms, ...],
    contracts: Mapping[str, Contract],
    limits: Mapping[str, ScreenLimit],
    *,
    apart: bool,
) -> Compiled:
    first, tables = modes[0].account, _Tables()
    assets = {asset: code for code, asset in enumerate(_assets(first))}
    bare = tables.curve(_pieces(collateral_curve(BARE_TERMS.haircuts, ONE)))
    rows = [_asset(one, asset, tables) for one in modes for asset in assets]
    variants, codes = _variants(modes, len(assets))
    found = [_contract(contract, first, assets, tables) for contract in contracts.values()]
    names = ["cross", *(f"cross:{asset}" for asset in assets)]
    names += [f"isolated:{symbol}:{side}" for symbol in contracts for side in ("long", "short")]
    return Compiled(
        tables=(
            _array([(_end(border), slope, cut, flags, 0) for border, slope, cut, flags in tables.pieces], PIECE),
            _array([(_end(up_to), *rest) for up_to, *rest in tables.tiers], TIER),
            _array(found, CONTRACT),
            _array(rows, ASSET),
            variants,
            limits_table([limits], apart=apart, bare=bare[0]),
        ),
        symbols={symbol: code for code, symbol in enumerate(contracts)},
        assets=assets,
        variants=codes,
        mode=first.collateral_mode.value,
        is_hedged=first.position_mode.value == "hedge",
        venue=first.venue,
        pools=tuple(names),
    )


def _array(rows: list[Any], kind: "np.dtype[Any]") -> Figures:
    """The rows as they lie in memory; decimals are rounded to the nearest binary number, once."""
    found = np.array(rows, dtype=kind) if rows else np.zeros(0, dtype=kind)
    found.setflags(write=False)
    return found


def _end(border: Decimal | None) -> Any:
    return np.inf if border is None else border


def _nothing(value: Decimal | None) -> Any:
    return np.nan if value is None else value


def _assets(account: Account) -> list[str]:
    """Those that the screen knows: with a price and a beta, and moved by nothing but themselves."""
    linked = {*account.follows, *account.follows.values()}
    return [asset for asset in account.prices if asset in account.betas and asset not in linked]


def _shares_all(account: Account) -> bool:
    """Whether one pool holds every asset, instead of one an asset."""
    return len({shared_name(account, asset) for asset in (account.currency, *account.prices, "")}) == 1


def _asset(mode: ModeTerms, asset: str, tables: _Tables) -> tuple[Any, ...]:
    account = mode.account
    terms = terms_in(account, "cross", asset)
    known = asset in account.terms or not _shares_all(account)
    curve = collateral_curve(terms.haircuts, terms.liability_factor)
    falls = any(later > earlier for earlier, later in pairwise(curve.slopes))
    flags = (
        KNOWN * known
        | VOLATILE * account.is_volatile(asset)
        | CURRENCY * (asset == account.currency)
        | NO_DEBT * (asset in mode.no_debt)
        | FALLS * falls
    )
    return (
        account.prices[asset],
        account.betas[asset],
        terms.loan_rate,
        terms.requirement_factor,
        _end(mode.largest.get(asset)),
        max(ONE, *map(abs, curve.slopes)),
        *tables.curve(_pieces(curve)),
        flags,
        0,
    )


def _pieces(curve: Curve) -> list[Piece]:
    """The pieces of a curve with what happens at the border above each: a jump, a requirement that begins."""
    borders: list[Decimal | None] = [*curve.borders, None]
    rows = list(zip(borders, curve.slopes, curve.intercepts, strict=True))
    found: list[Piece] = []
    for k, (border, slope, intercept) in enumerate(rows):
        flags = 0
        if border is not None:
            _, next_slope, next_intercept = rows[k + 1]
            sizes = slope * border, intercept, next_slope * border, next_intercept
            gap = sizes[2] + sizes[3] - sizes[0] - sizes[1]
            flags |= JUMP * bool(sign(gap, sum(map(abs, sizes), ZERO)))
            flags |= BEGINS * (not slope and not intercept)
        found.append((border, slope, intercept, flags))
    return found


def _contract(contract: Contract, account: Account, assets: dict[str, int], tables: _Tables) -> tuple[Any, ...]:
    named = (contract.base, contract.quote, contract.settle, contract.driver)
    kind = TYPES.get(contract.type, UNMODELLED)
    if any(one not in assets for one in named) or contract.base == contract.quote:
        return (*(1, np.nan), *(0,) * 9, UNMODELLED, 0, 0)
    base, quote, settle, driver = (assets[one] for one in named)
    curve, pieces = (0, 0), []
    begin = len(tables.tiers)
    if contract.tiers:
        pieces = _pieces(maintenance_curve(contract.tiers))
        curve = tables.curve(pieces)
        tables.tiers += [
            (tier.up_to, tier.maintenance_rate, tier.deduction, tier.initial_rate or ZERO) for tier in contract.tiers
        ]
    jumps = any(flags & JUMP for *_, flags in pieces) or any(later[1] < one[1] for one, later in pairwise(pieces))
    flags = (
        BY_QUANTITY * (contract.tiers_by is TiersBy.QUANTITY)
        | ALL_INITIAL * (bool(contract.tiers) and all(one.initial_rate is not None for one in contract.tiers))
        | JUMPS * jumps
    )
    return (
        contract.contract_size,
        account.prices[contract.base] / account.prices[contract.quote],
        *(base, quote, settle, driver),
        quote if contract.base == account.currency else base,
        *(begin, len(tables.tiers), *curve),
        *(kind, flags, 0),
    )


def _variants(modes: tuple[ModeTerms, ...], n_assets: int) -> tuple[Figures, dict[Variant, int]]:
    codes: dict[Variant, int] = {}
    rows: list[tuple[Any, ...]] = []
    for number, mode in enumerate(modes):
        account = mode.account
        for netting, underlying in product((None, *NETTINGS), (None, *UNDERLYING_NETTINGS)):
            word = account.collateral_mode.value
            codes[word, netting and netting.value, underlying and underlying.value] = len(rows)
            rules = [
                _rules(one, netting, underlying, account.margin_call)
                for one in (account.rules, account.isolated_rules or account.rules)
            ]
            all_in_one = _shares_all(account)
            rows.append(
                (*rules, mode.taker_fee, number * n_assets, all_in_one, mode.offers_isolated, mode.offers_hedge)
            )
    return _array(rows, VARIANT), codes


def _rules(
    rules: MarginRules, netting: Netting | None, underlying: Netting | None, margin_call: Decimal | None
) -> tuple[Any, ...]:
    return (
        rules.level,
        _nothing(_warned_at(rules, margin_call)),
        NETTINGS.index(netting or rules.netting),
        NETTINGS.index(underlying or rules.underlying_netting),
        BASES.index(rules.initial_basis),
        BASES.index(rules.maintenance_basis),
        FEES.index(rules.close_fee),
        FEES_IN.index(rules.close_fee_in),
    )


def limits_table(sets: Iterable[Mapping[str, ScreenLimit]], *, apart: bool, bare: int) -> Figures:
    """A row for each set of limits that accounts may come under."""
    return _array([_limits(one, apart=apart, bare=bare) for one in sets], LIMITS)


def _limits(limits: Mapping[str, ScreenLimit], *, apart: bool, bare: int) -> tuple[Any, ...]:
    rows = [limits.get(code, ScreenLimit()) for code in SCREENED_LIMITS]
    fail, warn = ([_nothing(getattr(row, level)) for row in rows] for level in ("fail", "warn"))
    last = rows[-1]
    alone = [
        counts and limit is not None and limit < ONE
        for counts, limit in ((last.fail_alone, last.fail), (last.warn_alone, last.warn))
    ]
    return fail, warn, *alone, apart, bare


def _warned_at(rules: MarginRules, margin_call: Decimal | None) -> Decimal | None:
    """The largest multiple of the maintenance margin, of the venue's and of a file's, below which is a margin call.

    At the multiple itself the screen is never sure.
    """
    called = rules.level / margin_call if margin_call else None
    known = [one for one in (rules.warning_level, called) if one is not None]
    return max(known, default=None)

"""Whether what the file says can be right: one finding per fact that was noticed while it was read."""

from collections.abc import Iterable

from marginctl.core.exact import Direction
from marginctl.findings import Severity
from marginctl.limits.rule import Context, Fact, Measurement, Rule, advice, facts, manual_of
from marginctl.wording import money


def unverified_rules(context: Context) -> Iterable[Measurement]:
    """What it checks: whether the venue's rules behind the figures are verified.

    The rule set as a whole, or a part of it that this account uses, has the status `partial` or `unverified`: figures or
    switches that the venue does not publish, that were inferred, or that contradict each other. A note, told once a run;
    a warning under a policy. The status stands in the head of every report.

    Why: margins computed on an assumption may be right and must not look certain.

    Example: a collateral ratio that the venue's page and its interface state differently.

    Instead: read what is uncertain with `marginctl venue NAME`, compare one of the account's figures with the venue's
    screen (`expect`), and waive the finding with that as the reason.
    """
    return facts(
        context, "MC203", "see `marginctl venue` for what is uncertain, and compare a figure with the venue's screen"
    )


MC203 = Rule(
    code="MC203",
    name="unverified-rules",
    summary="a partial or unverified rule set, or part of one",
    manual=manual_of(unverified_rules),
    measure=unverified_rules,
    of_facts=True,
    default_severity=Severity.NOTE,
    policy_severity=Severity.WARNING,
)


def assumption_made(context: Context) -> Iterable[Measurement]:
    """What it checks: what the figures rest on beyond the file.

    A value that was not given and that a default stands in for, where the default moves a figure. Every report lists its
    assumptions; that there are some is a finding where somebody asks for it: `forbid_assumptions: true`, or `{warn: true}`.

    Why: a reader must be able to tell what was said from what was supposed.

    Example: a position without `entry_price` is taken at its mark, so its PnL is 0.

    Instead: give the value.
    """
    return facts(context, "MC204", "give the value")


MC204 = Rule(
    code="MC204",
    name="assumption-made",
    summary="a figure that was assumed because the file does not give it",
    manual=manual_of(assumption_made),
    measure=assumption_made,
    of_facts=True,
    key="forbid_assumptions",
    compares="nothing that moves a figure is assumed",
    default_severity=None,
)


def mark_off_prices(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a position's mark, or the price of what follows an asset, agrees with the other prices.

    Value: |mark / (price of the base / price of the quote) - 1|; limit: 5%. A warning. The same of the price of an asset
    that follows another one at a fixed ratio, over that many of it.

    Why: marks and prices are one system. A mark that is far off is a typing mistake, a stale price, or a contract that
    is not what its name says, and moves PnL, notional and liquidation alike.

    Example: `prices: {BTC: 60000}` and a BTCUSDT position with `mark_price: 6600`.

    Instead: correct the one that is wrong; a dated contract with a true premium can be waived.
    """
    return facts(context, "MC205", "correct the mark or the prices")


MC205 = Rule(
    code="MC205",
    name="mark-off-prices",
    summary="a mark more than 5% off the asset prices",
    manual=manual_of(mark_off_prices),
    measure=mark_off_prices,
    of_facts=True,
    default_severity=Severity.WARNING,
)


def leverage_above_tier(context: Context) -> Iterable[Measurement]:
    """What it checks: whether the venue would allow the leverage that a position states.

    Value: the leverage given; limit: the maximum of the tier that its notional or quantity falls into, or 1 where the
    leverage is below it. A warning; the initial margin is computed at the tier's rate, or at the leverage below 1.

    Why: the venue lowers the leverage as a position grows, and demands the difference in margin. Below 1 the margin would
    be more than the position is worth.

    Example: 50x on a position in a tier that allows 25x; 0.02 where 20 was meant.

    Instead: set the leverage that the venue applies.
    """
    return facts(context, "MC206", "write the leverage that the venue applies")


MC206 = Rule(
    code="MC206",
    name="leverage-above-tier",
    summary="leverage above the maximum of the position's tier, or below 1",
    manual=manual_of(leverage_above_tier),
    measure=leverage_above_tier,
    of_facts=True,
    default_severity=Severity.WARNING,
)


def maintenance_above_initial(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a position's maintenance rate is below its initial rate.

    Value: the maintenance rate; limit: the initial rate. A warning. Under a margin model also whether what it asks of a
    cross pool to be kept is below what it asks to be opened.

    Why: such a position would be liquidatable on its own the moment it is opened; nearly always the two rates are swapped
    or a percentage is off by a factor of 100.

    Example: `initial_rate: 1%` and `maintenance_rate: 5%`.

    Instead: correct the rates.
    """
    # The positions whose rates are known for it, and the pools under a model
    yield from facts(context, "MC207", "correct the rates; they may be swapped")
    currency = context.account.currency
    for found in context.report.portfolio_margin:
        kept, opened = found.maintenance_margin, found.initial_margin
        if kept > opened:
            asked = f"{money(kept, currency, Direction.UP)} to be kept and {money(opened, currency, Direction.UP)}"
            yield Measurement(
                subject=found.pool,
                measured=Fact(True, kept, opened),
                what=f"the model asks {asked} to be opened of {found.pool}",
                location=context.locations.account,
                remedy=advice("correct the factors of `maintenance` and `initial`"),
            )


MC207 = Rule(
    code="MC207",
    name="maintenance-above-initial",
    summary="a maintenance rate above the initial rate",
    manual=manual_of(maintenance_above_initial),
    measure=maintenance_above_initial,
    of_facts=True,
    default_severity=Severity.WARNING,
)


def kinder_than_venue(context: Context) -> Iterable[Measurement]:
    """What it checks: whether the file replaces a rule of the venue by one that asks for less.

    A haircut, rate, tier, netting rule or liquidation level of the file that lowers a requirement or raises a value against
    the venue's rule set. A warning; an error when a policy file is given. Without a policy, an override of a position's
    rate is no finding where the rate, or the margin that it makes, stands under `expect:` and agrees: then the venue's own
    screen shows it, and it is the account's own bracket.

    Why: a limit means nothing if the figures that it is compared with can be written by hand.

    Example: `haircut: 5%` for an asset that the venue counts with 20%.

    Instead: remove the override; if the rule set is out of date, update it, or have the policy waive the finding.
    """
    return facts(context, "MC208", "remove the override, or update the rule set")


MC208 = Rule(
    code="MC208",
    name="kinder-than-venue",
    summary="an override kinder than the venue's rule",
    manual=manual_of(kinder_than_venue),
    measure=kinder_than_venue,
    of_facts=True,
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)


def no_maintenance_margin(context: Context) -> Iterable[Measurement]:
    """What it checks: whether an open position has a maintenance margin at all.

    Value: the maintenance margin of the position at its mark, with the fee to close where it counts. A warning; an error
    when a policy file is given.

    Why: no venue keeps a position open for nothing. A rate of 0%, or a deduction above rate x notional, takes the position
    out of every limit: nothing liquidates it.

    Example: `maintenance_rate: 0%`; or 0.5% of 10,000 USDT with a `maintenance_deduction` of 60.

    Instead: write the venue's rate, or the deduction that goes with the tier of this size.
    """
    return facts(context, "MC212", "write its maintenance rate, or correct its deduction or tiers")


MC212 = Rule(
    code="MC212",
    name="no-maintenance-margin",
    summary="an open position without a maintenance margin",
    manual=manual_of(no_maintenance_margin),
    measure=no_maintenance_margin,
    of_facts=True,
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)


def fraction_of_contract(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a quantity in contracts is meant in coins.

    Value: the quantity given in a row of `positions:` or `orders:`; limit: the contract's lot, 1 unless stated. A quantity
    of an inverse contract, or of one whose `contract_size` is not 1, counts contracts; one that is no multiple of the lot
    is a warning, an error when a policy file is given. A quantity that follows from `notional:` is not looked at.

    Why: the same 0.1 is 0.1 BTC on one contract, 10 USD on another and 0.6 USD on a third, and a position that is too small
    by a factor of thousands passes every limit.

    Example: `quantity: 0.1` of a contract of 100 USD is 10 USD, not 0.1 BTC.

    Instead: write contracts, or the value as `notional:`.
    """
    return facts(
        context, "MC213", "write whole contracts; `lot: ...` under the contract where the venue trades parts of one"
    )


MC213 = Rule(
    code="MC213",
    name="fraction-of-contract",
    summary="a quantity that is no multiple of the contract's lot",
    manual=manual_of(fraction_of_contract),
    measure=fraction_of_contract,
    of_facts=True,
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)


def contract_expired(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a position or an order is in a contract that has ended.

    The last day is the contract's `expiry:`, else the date in its symbol (`BTCUSDT_261225`, `ETH-27DEC24`). It is compared
    with the day (UTC) of the account's `as_of`, else with today (`--today`); the day itself still counts. A warning; an
    error when a policy file is given.

    Why: a contract that was settled is a balance by now. Figures with it count a risk that is gone, or hide that the file
    is of another day.

    Example: `ETHUSD_260925` in an account of 2026-11-28.

    Instead: write what it was settled into, and the contract that replaced it.
    """
    return facts(context, "MC214", "remove what was settled, or correct `expiry` or `as_of`")


MC214 = Rule(
    code="MC214",
    name="contract-expired",
    summary="a position or order in a contract whose last day is over",
    manual=manual_of(contract_expired),
    measure=contract_expired,
    of_facts=True,
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)


def stablecoin_off_peg(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a dollar stablecoin is priced at about a dollar.

    Value: |price - 1|; limit: 5%. A warning; an error when a policy file is given.

    Why: a stablecoin at another price is a typing mistake, or a coin that has lost its peg; either moves every balance and
    every contract quoted in it. Written too high, it makes any account look safe.

    Example: `prices: {USDT: 60000}`.

    Instead: correct the price; where the peg is lost, have the policy waive the finding, or put the loss into a scenario.
    """
    return facts(context, "MC215", "correct its price")


MC215 = Rule(
    code="MC215",
    name="stablecoin-off-peg",
    summary="a dollar stablecoin more than 5% off 1",
    manual=manual_of(stablecoin_off_peg),
    measure=stablecoin_off_peg,
    of_facts=True,
    default_severity=Severity.WARNING,
    policy_severity=Severity.ERROR,
)


def improbable_figure(context: Context) -> Iterable[Measurement]:
    """What it checks: whether a figure of the file is one that no venue and no market has.

    A fee to close above 5%, a liquidation level above 10, an initial rate above 100%, a maintenance rate above that, above
    the initial rate of its tier or below 0.01%, a leverage above 2,000x, that of an order below 1x, a funding rate beyond
    10% per interval, a beta beyond 20, a haircut of 100% (but where a venue's answer has it), a debt that needs more than
    itself. A price below 1e-15 or beyond 1e12, an entry price or the price of an order a hundred times off the mark, a
    quantity or a contract below 1e-12 or beyond 1e18 units, a fixed ratio of an asset below 1e-9 or beyond 1e9. A date
    before 2009 or after 2099. A warning.

    Why: a figure ten or a hundred times off is a typing mistake (a percent sign that is missing, a beta in percent), and
    every other figure rests on it.

    Example: `taker_fee: 55%` for 0.055%.

    Instead: correct it; where it is meant, waive the finding.
    """
    return facts(context, "MC216", "correct it")


MC216 = Rule(
    code="MC216",
    name="improbable-figure",
    summary="a figure that no venue or market has",
    manual=manual_of(improbable_figure),
    measure=improbable_figure,
    of_facts=True,
    default_severity=Severity.WARNING,
)


def import_incomplete(context: Context) -> Iterable[Measurement]:
    """What it checks: whether the file was imported from venue answers that held more than the file does.

    `marginctl import` writes what it left out, or could not know, under `origin.incomplete`: options and spot margin,
    assets without a price, a cross wallet that is in no answer, totals that contain such things. One finding for each; a
    warning.

    Why: the figures are right for what the file holds. What is missing may be a debt, a hedge, or the asset that is
    liquidated first.

    Example: `origin: {incomplete: ["3 option positions (BTC-27DEC24-100000-C, ...)"]}`.

    Instead: import again with what is missing (a further answer, `--wallet`, `--set`), or waive it with the reason why it
    does not matter.
    """
    return facts(context, "MC220", "import again with what is missing, or waive it with a reason")


MC220 = Rule(
    code="MC220",
    name="import-incomplete",
    summary="something that the venue's answers held and the file does not",
    manual=manual_of(import_incomplete),
    measure=import_incomplete,
    of_facts=True,
    default_severity=Severity.WARNING,
)

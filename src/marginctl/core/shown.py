"""The report as the venue's own screens and answers show it, where their figures differ from what liquidates.

The liquidation price on a screen needs no second report: ``contract_liquidation_price`` is that price.
"""

from msgspec.structs import replace

from marginctl.core.account import Account, CloseFee, MaintenanceShown, MarginRules
from marginctl.core.assemble import report_of
from marginctl.core.report import Report


def as_shown(account: Account, report: Report) -> Report:
    """The report with every ``maintenance_margin`` as the venue shows it; ratios, buffers and prices stay as they are.

    Where the venue leaves the fee to close out: maintenance margins of the same account without that fee.
    """
    rules, isolated = _without_fee(account.rules), account.isolated_rules and _without_fee(account.isolated_rules)
    if (rules, isolated) == (account.rules, account.isolated_rules):
        return report
    bare = report_of(replace(account, rules=rules, isolated_rules=isolated), looks_ahead=False)
    kept = {position.key: position.maintenance_margin for position in bare.positions}
    return replace(
        report,
        totals=replace(report.totals, maintenance_margin=bare.totals.maintenance_margin),
        pools=tuple(
            replace(pool, maintenance_margin=other.maintenance_margin)
            for pool, other in zip(report.pools, bare.pools, strict=True)
        ),
        positions=tuple(replace(one, maintenance_margin=kept[one.key]) for one in report.positions),
    )


def _without_fee(rules: MarginRules) -> MarginRules:
    is_bare = rules.shown_maintenance is MaintenanceShown.WITHOUT_CLOSE_FEE
    return replace(rules, close_fee=CloseFee.NONE) if is_bare else rules

"""A user's own rule file: what it means, and what each mistake in it is answered with."""

from decimal import Decimal

import pytest

from marginctl.core.account import CollateralMode, Equality, Netting
from marginctl.venues import loader
from marginctl.venues.origin import Trust

from .rule_files import RULES, TABLE, said, with_table, write

D = Decimal


def loaded(folder, text=RULES, table=None):
    rule_set, problems = loader.named(write(folder, text, table))
    assert problems == []
    return rule_set


def test_an_own_rule_file_means_what_it_says(tmp_path):
    rule_set = loaded(tmp_path)
    mode = rule_set.mode()
    assert (rule_set.name, rule_set.title, rule_set.as_of) == ("house", "House rules", "2026-10")
    assert mode.collateral_mode is CollateralMode.MULTI_ASSET
    assert mode.rules.equality is Equality.LIQUIDATED
    assert mode.rules.warning_level is None
    assert mode.origins["equality"].trust is Trust.DOCUMENTED
    assert mode.origins["level"].trust is None
    assert mode.terms("BTC", "USD").haircuts[0].haircut == D("0.1")
    assert [(tier.up_to, tier.haircut) for tier in mode.terms("ETH", "USD").haircuts] == [
        (100, D("0.1")),
        (None, D("0.2")),
    ]


def test_deductions_are_derived_so_that_the_margin_is_continuous(tmp_path):
    # 50,000 x (1% - 0.5%) = 250; 250 + 250,000 x (1/30 - 1%) = 250 + 8,333.33... - 2,500 = 6,083.33...
    tiers = loaded(tmp_path).contract("BTCUSDT").tiers
    assert [tier.deduction for tier in tiers[:2]] == [0, 250]
    assert abs(tiers[2].deduction - D(18250) / 3) < D("1e-80")
    assert [tier.initial_rate for tier in tiers] == [D("0.02"), D("0.04"), D("0.1")]


def test_a_whole_position_rate_has_no_deduction(tmp_path):
    rule_set = loaded(tmp_path, RULES.replace("deduction: derived", "deduction: whole"))
    assert [tier.deduction for tier in rule_set.contract("BTCUSDT").tiers] == [0, 0, 0]


def test_a_mode_may_change_rules(tmp_path):
    text = RULES.replace("    hedge_mode: true\n", "    hedge_mode: true\n    rules: {netting: net}\n")
    assert loaded(tmp_path, text).mode().rules.netting is Netting.NET


def test_isolated_positions_may_have_rules_of_their_own(tmp_path):
    text = RULES.replace("modes:\n", "isolated_rules: {level: 1.1}\nmodes:\n")
    mode = loaded(tmp_path, text).mode()
    assert (mode.rules.level, mode.isolated_rules.level) == (1, D("1.1"))
    assert mode.isolated_rules.equality is Equality.LIQUIDATED


def test_a_table_stands_beside_its_rule_file(tmp_path):
    rule_set = loaded(tmp_path, with_table(), TABLE)
    assert rule_set.symbols() == ["AUSDT", "BUSDT"]
    assert [(row.up_to, row.deduction) for row in rule_set.contract("AUSDT").tiers] == [(1000, 0), (5000, 10)]
    assert rule_set.contract("BUSDT").tiers[0].up_to is None


def test_every_mistake_of_a_file_is_reported_in_one_run(tmp_path):
    text = RULES.replace("source: memo", "source: mem").replace("up_to: 250000", "up_to: 25000")
    text = text.replace("            BTC: 10%\n", "            BTC: 10%\n            USDC: {loan_rate: 1%}\n")
    assert said(tmp_path, text) == [
        "house.yaml:10:60 MC015 no source has the id `mem` | known: memo",
        "house.yaml:31:19 MC016 terms need `haircut` or `haircut_tiers`, not both | write one of them",
        (
            "house.yaml:46:21 MC025 the tier ends at 25000, where it begins or before: 50000 | "
            "put the tiers in the order of their borders, the smallest first"
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "  netting: none\n",
            "",
            "house.yaml:9:3 MC012 `netting` is missing | add `netting`: none, larger-leg, net or hedged-fees",
        ),
        (
            "warning_level: none\n",
            "warning_level: none\n  warning_leval: 2\n",
            "house.yaml:19:3 MC010 unknown key `warning_leval` | did you mean `warning_level`?",
        ),
        (
            "equality: {value: liquidated",
            "equality: {value: dead",
            "house.yaml:10:21 MC015 `value` must be safe or liquidated: `dead` | write safe or liquidated",
        ),
        (
            "trust: documented",
            "trust: sample",
            "house.yaml:10:13 MC016 a rule cannot rest on a sample | state the trust it deserves",
        ),
        (
            "as_of: 2026-10\n",
            "as_of: October\n",
            (
                "house.yaml:4:8 MC015 `as_of` is not a date: `October` | "
                "write a date such as 2026-05-01, or only 2026-05 or 2026"
            ),
        ),
        (
            "schema: marginctl.venue/1",
            "schema: marginctl.venue/2",
            "house.yaml:1:9 MC015 `schema` must be marginctl.venue/1: `marginctl.venue/2` | write marginctl.venue/1",
        ),
        (
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25}",
            "{up_to: 250000, maintenance_rate: 0.4%, max_leverage: 25}",
            (
                "house.yaml:45:47 MC025 the maintenance rate falls with the tier, from 0.5% to 0.4% | "
                "a higher tier asks for as much or more: check the numbers"
            ),
        ),
        (
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25}",
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 100}",
            (
                "house.yaml:45:65 MC025 the highest leverage rises with the tier, from 50 to 100 | "
                "a higher tier asks for as much or more: check the numbers"
            ),
        ),
        (
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25}",
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25, deduction: 240}",
            (
                "house.yaml:45:80 MC025 the margin rises by 10 at the border of 50000: the deduction is 240, "
                "continuity needs 250 | write 250"
            ),
        ),
        (
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25}",
            "{up_to: 250000, maintenance_rate: 1%, max_leverage: 25, initial_rate: 4%}",
            "house.yaml:45:83 MC016 `initial_rate` and `max_leverage` say the same | keep one of them",
        ),
        (
            "{up_to: 250000, ",
            "{",
            "house.yaml:45:13 MC025 only the last tier may leave out its upper border | give the border",
        ),
        (
            "maintenance_rate: 1/30",
            "maintenance_rate: 30/1",
            (
                "house.yaml:46:32 MC014 `maintenance_rate` is not a fraction between 0 and 1: `30/1` | "
                "write whole numbers, such as 1/30"
            ),
        ),
        (
            "        base: BTC\n",
            "",
            "house.yaml:41:9 MC012 `base` is missing | add `base`: an asset",
        ),
        (
            "    contract_size: 1\n",
            "",
            "house.yaml:40:9 MC012 `contract_size` is missing | add it here or to the group",
        ),
        (
            "            BTC: 10%\n",
            "            BTC: 10%\n        - assets:\n            BTC: 5%\n",
            "house.yaml:32:13 MC016 `BTC` was listed before | keep the figure in force",
        ),
        (
            "[{up_to: 100, haircut: 10%}, {haircut: 20%}]",
            "[{haircut: 10%}, {up_to: 100, haircut: 20%}]",
            "house.yaml:31:35 MC016 only the last haircut tier may leave out `up_to` | add `up_to: ...`",
        ),
        (
            "sources:\n",
            "sources:\n  - {id: memo, title: Older memo, reference: memo 11}\n",
            "house.yaml:8:10 MC016 `id` `memo` was given before, on line 7 | remove one",
        ),
        (
            "    listed:\n",
            "    table: none.csv\n    listed:\n",
            "house.yaml:39:12 MC001 the table `none.csv` cannot be read | put it beside this file",
        ),
    ],
)
def test_mistakes(tmp_path, old, new, expected):
    assert RULES.count(old) == 1
    assert said(tmp_path, RULES.replace(old, new)) == [expected]


def test_modes_may_not_be_empty(tmp_path):
    head, _, tail = RULES.partition("modes:\n")
    text = head + "modes: []\n" + tail[tail.index("contracts:") :]
    assert said(tmp_path, text) == ["house.yaml:19:8 MC012 `modes` is empty | list at least one collateral_mode"]


def test_a_mode_stands_once(tmp_path):
    mode = RULES[RULES.index("  - collateral_mode") : RULES.index("contracts:")]
    assert said(tmp_path, RULES.replace(mode, mode + mode)) == [
        "house.yaml:32:22 MC016 `collateral_mode` `multi-asset` was given before, on line 20 | remove one"
    ]


def test_what_stands_in_the_table_is_not_repeated(tmp_path):
    text = with_table().replace("liquidation:", "    listed: {AUSDT: {base: A, assumption: a guess}}\nliquidation:")
    assert said(tmp_path, text, TABLE) == ["house.yaml:40:22 MC016 `base` stands in the table already | remove it"]


def test_a_remark_on_a_contract_of_the_table_is_an_assumption(tmp_path):
    text = with_table().replace("liquidation:", "    listed: {AUSDT: {assumption: a guess}}\nliquidation:")
    rule_set = loaded(tmp_path, text, TABLE)
    assert rule_set.listing("AUSDT").assumptions == ("AUSDT: a guess",)
    assert rule_set.listing("BUSDT").assumptions == ()

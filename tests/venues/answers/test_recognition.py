"""Answers are told apart by their shape alone; what is no answer of one account is said, with what to do."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as draws
from hypothesis import strategies as st

from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.answers.recognition import AnswerFile, of_account, read_answers, sighting

from .recordings import (
    ACCOUNTS,
    CLASSIC,
    CONTRADICTORY,
    ERRORS,
    FOLDER,
    SOUND,
    amounts,
    document_of,
    file_of,
    given,
    name_of,
    read,
    said,
    venue_of,
)

each = pytest.mark.parametrize("path", ACCOUNTS, ids=name_of)
each_sound = pytest.mark.parametrize("path", SOUND, ids=name_of)


@each
def test_an_answer_of_an_account_has_exactly_one_form(path: Path) -> None:
    seen, problems = sighting(AnswerFile("answer.json", path.read_bytes()))
    assert problems == []
    assert seen is not None
    (venue,) = seen.own_venues()
    assert venue == venue_of(path)
    (form,) = [one.form.name for one in seen.forms if one.venue == venue]
    assert form == path.name.split(".")[1].replace("ccxt-balance", "wallet")


def test_there_are_all_of_them() -> None:
    assert len(ACCOUNTS) == 48


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_no_error_has_a_form_but_an_account_of_nothing(path: Path) -> None:
    seen, _ = sighting(AnswerFile("answer.json", path.read_bytes()))
    forms = [one.shown for one in seen.forms] if seen is not None else []
    assert forms == (["okx balance"] if path.name == "okx-no-account.json" else [])


WRONG = {
    "binance-pm-not-unified.json": "the answer is an error: code `-21001` `USER_IS_NOT_UNIACCOUNT`",
    "binance-usdm-clock.json": "the answer is an error: code `-1021` `Timestamp for this request is outside of",
    "binance-usdm-key.json": "the answer is an error: code `-2015` `Invalid API-key, IP, or permissions for action.`",
    "binance-usdm-rate.json": "the answer is an error: code `-1003` `Too many requests; current limit of IP(203",
    "bingx-ip.json": "bingx-usdm refused: code `100419` `IP does not match IP whitelist`",
    "bingx-key.json": "bingx-usdm refused: code `100413` `Incorrect apiKey`",
    "bybit-key.json": "bybit refused: retCode `10003` `API key is invalid.`",
    "bybit-refused.json": "the answer is an error: retCode `10001` `Qty invalid`",
    "deribit-key.json": "deribit refused: code `13009` `unauthorized`",
    "dydx-none.json": "dydx refused: `No subaccount found with address dydx1aaaaaaaaaaaa",
    "empty-file.json": "the file is empty",
    "empty-list.json": "the answer is empty: []",
    "hyperliquid-null.json": "the answer is empty: null",
    "mexc-key.json": "mexc refused: code `402` `API Key expired, please apply again`",
    "okx-empty.json": "the answer is empty: nothing is in `data`",
    "okx-ip.json": "okx refused: code `50110` `Your IP 203.0.113.7 is not included in your API key's",
    "okx-key.json": "okx refused: code `50103` `Request header OK-ACCESS-KEY can not be empty.`",
    "okx-no-account.json": "okx balance: no such account at the venue: nothing is in `adjEq`, `imr`, `mmr`",
    "page.html": "the file is a web page (`Just a moment...`), not YAML or JSON",
    "truncated.json": "the answer is cut off: it ends after 39 characters",
    "weex-key.json": "weex refused: code `-1040` `ACCESS_KEY header is required.`",
}


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_what_is_no_account_is_said_with_what_to_do(path: Path) -> None:
    answers, (problem,) = read_answers([AnswerFile(path.name, path.read_bytes())])
    assert answers == ()
    assert problem.message.startswith(WRONG[path.name])
    assert problem.help
    assert len(problem.message) < 220


REASONS = {
    "binance-pm-not-unified.json": ("binance-pm", "of another type"),
    "binance-usdm-clock.json": ("binance-usdm", "clock of this machine"),
    "binance-usdm-key.json": ("binance-usdm", "check the API key"),
    "binance-usdm-rate.json": ("binance-usdm", "wait a minute"),
    "bingx-ip.json": ("bingx-usdm", "bound to other IP addresses"),
    "okx-ip.json": ("okx", "bound to other IP addresses"),
    "dydx-none.json": ("dydx", "no such account"),
    "okx-no-account.json": ("okx", "no such account"),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_reason_of_a_refusal_says_what_to_do(name: str) -> None:
    venue, advice = REASONS[name]
    _, (problem,) = read_answers(given(f"errors/{name}"), venue)
    assert problem.message.startswith((f"{venue} refused: ", f"{venue} balance: "))
    assert advice in problem.help


def test_an_answer_that_contradicts_itself_names_the_fields() -> None:
    assert said(*given(CONTRADICTORY)) == [
        "binance-usdm account: the answer contradicts itself: `positionAmt` is not 0, but `|notional|` is"
    ]


@pytest.mark.parametrize(("field", "shown"), [("entryPrice", "entryPrice"), ("markPrice", "markPrice")])
def test_a_position_has_neither_a_mark_nor_an_entry_of_0(field: str, shown: str) -> None:
    document = document_of(FOLDER / "binance-usdm/4-short-cross-log.positionRisk.json")
    document[0][field] = "0.00"
    _, (problem,) = read_answers([file_of(document)])
    assert problem.message.endswith(f"`positionAmt` is not 0, but `{shown}` is")


def test_an_account_of_the_older_type_is_refused() -> None:
    (message,) = said(*given(CLASSIC))
    assert message.startswith("bybit position: a position of a classic account")


def test_an_empty_list_is_no_positions_beside_a_wallet() -> None:
    balance, positions = read("okx/3-many-currencies.balance.json", "errors/okx-empty.json")
    assert (positions.name, positions.positions, positions.holds) == ("positions", (), ("positions",))
    assert len(balance.collateral) == 13
    _, risk = read("binance-usdm/2-aapl-isolated.balance.json", "errors/empty-list.json")
    assert (risk.venue, risk.name) == ("binance-usdm", "positionRisk")


def test_an_empty_list_beside_positions_is_no_orders() -> None:
    empty = AnswerFile("orders.json", b'{"retCode": 0, "retMsg": "OK", "result": {"list": []}, "time": 1}')
    files = given("bybit/1-sol-cross.wallet.json", "bybit/1-sol-cross.position.json")
    answers, problems = read_answers([*files, empty])
    assert problems == []
    assert [one.name for one in answers] == ["wallet", "position", "order"]


def test_two_empty_lists_are_no_positions_and_no_orders() -> None:
    empty = AnswerFile("empty.json", b'{"retCode": 0, "retMsg": "OK", "result": {"list": []}, "time": 1}')
    answers, problems = read_answers([*given("bybit/7-ccxt-unified-balance.ccxt-balance.json"), empty, empty])
    assert problems == []
    assert [one.name for one in answers] == ["wallet", "position", "order"]


def test_a_venue_named_alone_does_not_make_an_empty_list_an_account() -> None:
    assert said(*given("errors/okx-empty.json"), venue="okx") == ["the answer is empty: nothing is in `data`"]


def test_positions_of_one_venue_are_those_of_another_beside_its_balance() -> None:
    answers = read("binance-pm/1-papi-balance.balance.json", "binance-usdm/4-short-cross-log.positionRisk.json")
    assert [(one.venue, one.name) for one in answers] == [("binance-pm", "balance"), ("binance-pm", "positionRisk")]
    (alone,) = read("binance-usdm/4-short-cross-log.positionRisk.json", venue="binance-pm")
    assert alone.venue == "binance-pm"


def test_files_of_two_venues_make_no_account() -> None:
    (message,) = said(*given("bybit/1-sol-cross.wallet.json", "okx/1-eth-isolated.positions.json"))
    assert message == (
        "the files are of several venues: 1-sol-cross.wallet.json: bybit wallet;"
        " 1-eth-isolated.positions.json: okx positions"
    )


def test_an_answer_of_another_venue_than_the_one_named_is_an_error() -> None:
    assert said(*given("bybit/1-sol-cross.wallet.json"), venue="okx") == ["this is bybit wallet, not an answer of okx"]


def test_the_nearest_form_names_what_is_missing() -> None:
    document = document_of(FOLDER / "bybit/1-sol-cross.position.json")
    del document["data"][0]["positionIM"]
    assert said(file_of(document)) == [
        "this is no answer of a known format: it looks like bybit position, but `positionIM` is missing"
    ]


def test_an_unknown_shape_names_its_keys() -> None:
    assert said(file_of({"data": [{"hello": 1, "world": 2}]})) == [
        "this is no answer of a known format: its keys are `hello`, `world`"
    ]


def subaccounts(*numbers: int) -> Any:
    """An answer about several accounts, each with the positions of the recorded one, one dollar apart."""
    document = document_of(FOLDER / "dydx/1-btc-short.subaccount.json")
    (row,) = document["subaccounts"]
    equity = int(row["equity"].partition(".")[0])
    document["subaccounts"] = [{**row, "subaccountNumber": one, "equity": str(equity + one)} for one in numbers]
    return document


def test_two_accounts_in_one_answer_are_refused_with_how_to_choose() -> None:
    found, problems = read_answers([file_of(subaccounts(0, 1))])
    assert (problems, [one.who for one in found]) == ([], ["0", "1"])
    chosen, (problem,) = of_account(found)
    assert chosen == ()
    assert problem.message == "the answers are of 2 accounts: `0`, `1`"
    assert problem.help == "one run makes one account: --account 0 takes that one"


def test_one_account_of_several_is_taken_where_it_is_named() -> None:
    found, _ = read_answers([file_of(subaccounts(0, 1))])
    (one,), problems = of_account(found, "1")
    assert (problems, one.who) == ([], "1")
    assert one.expect["equity"] is not None
    assert one.expect["equity"].value == 25347
    _, (problem,) = of_account(found, "7")
    assert problem.message == "--account `7` is none of those in the answers: it is `0` or `1`"
    _, (problem,) = of_account(read("okx/1-eth-isolated.positions.json"), "7")
    assert problem.message.endswith("they are of one account alone")


def test_an_account_that_holds_nothing_is_none_of_several() -> None:
    document = subaccounts(0, 128)
    document["subaccounts"][1] |= {"equity": "0", "freeCollateral": "0", "openPerpetualPositions": {}}
    found, _ = read_answers([file_of(document)])
    (one,), problems = of_account(found)
    assert (problems, one.who) == ([], "0")
    (empty,), problems = of_account(found[1:])
    assert (problems, empty.who) == ([], "128")


def test_the_same_account_twice_in_one_answer_is_refused() -> None:
    assert said(file_of(subaccounts(3, 3))) == ["dydx subaccount: 2 accounts in one answer"]


@pytest.mark.parametrize(
    "document",
    [
        {"free": {"USDT": 1.0}, "used": {"USDT": 0.0}, "total": {"USDT": 1.0}},
        [{"symbol": "BTC/USDT:USDT", "contracts": 1.0, "contractSize": 1.0, "entryPrice": 60000.0}],
    ],
    ids=["a balance", "positions"],
)
def test_an_object_of_ccxt_without_the_answer_in_it_is_refused(document: Any) -> None:
    _, (problem,) = read_answers([file_of(document)])
    assert problem.message.startswith("an object of ccxt without its `info`")
    assert "last_http_response" in problem.help


def test_positions_of_ccxt_are_the_rows_in_them() -> None:
    rows = document_of(FOLDER / "bybit/4-ltc-ccxt.position.json")["result"]["list"]
    unified = [{"symbol": "LTC/USDT:USDT", "contracts": 9.9, "info": row} for row in rows]
    (answer,), problems = read_answers([file_of(unified)])
    assert problems == []
    assert answer.positions == read("bybit/4-ltc-ccxt.position.json")[0].positions
    unified[0]["info"]["size"] = "many"
    _, (problem,) = read_answers([file_of(json.dumps(unified, indent=1).encode())])
    assert problem.message == "bybit position: `size` is not a number: `many`"
    assert '"size": "many"' in problem.excerpt  # the place is that of the row within the object


@pytest.mark.parametrize("symbol", ["BTC\x1b[2J", "BTC\u202eUSDT", "BTC\ud800"])
def test_a_symbol_that_no_screen_shows_is_refused(symbol: str) -> None:
    document = document_of(FOLDER / "binance-usdm/4-short-cross-log.positionRisk.json")
    document[0]["symbol"] = symbol
    (message,) = said(file_of(document))
    assert message.startswith("binance-usdm positionRisk: `symbol` cannot be shown: `BTC\\")


def test_a_portfolio_is_no_answer() -> None:
    assert said(file_of({"schema": "marginctl.portfolio/1", "account": {}})) == [
        "this is a file of marginctl, not an answer of a venue"
    ]


# whatever the form of the same figures


def reordered(value: Any) -> Any:
    """The keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(list(value))}
    return [reordered(one) for one in value] if isinstance(value, list) else value


def as_numbers(text: str) -> str:
    """Every text that is a JSON number, as a number."""
    import re

    return re.sub(r'(?<=[:\[, ])"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)"(?!\s*:)', r"\1", text)


@each_sound
def test_the_order_of_keys_and_numbers_as_texts_change_nothing(path: Path) -> None:
    (answer,), _ = read_answers([AnswerFile(path.name, path.read_bytes())])
    as_texts = document_of(path)
    for data in (
        json.dumps(as_texts).encode(),
        json.dumps(reordered(as_texts)).encode(),
        as_numbers(json.dumps(as_texts)).encode(),
        b"\xef\xbb\xbf" + path.read_bytes(),
    ):
        assert read_answers([AnswerFile(path.name, data)]) == ((answer,), [])


def envelopes(path: Path) -> list[Any]:
    """The result of an answer alone, and what is in it."""
    document = document_of(path)
    inner = [document[key] for key in ("result", "data") if isinstance(document, dict) and key in document]
    return [*inner, *(one["list"] for one in inner if isinstance(one, dict) and "list" in one)]


@each_sound
def test_an_answer_without_its_envelope_says_the_same(path: Path) -> None:
    (answer,), _ = read_answers([AnswerFile(path.name, path.read_bytes())])
    for document in envelopes(path):
        (bare,), problems = read_answers([file_of(document, path.name)])
        assert problems == []
        assert (bare.collateral, bare.positions, bare.orders) == (answer.collateral, answer.positions, answer.orders)


def test_the_order_of_files_is_kept_and_changes_nothing_else() -> None:
    names = [f"bybit/2-xrp-with-order.{name}.json" for name in ("wallet", "position", "order")]
    assert read(*names) == tuple(reversed(read(*reversed(names))))


def places(value: Any, trail: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The trails of all keys of a document, of a list those of its first two items."""
    found: list[tuple[str | int, ...]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in items:
        found += [(*trail, key)] if isinstance(value, dict) else []
        found += places(one, (*trail, key))
    return found


def changed(document: Any, trail: tuple[str | int, ...], new: Any = None, *, delete: bool = False) -> Any:
    """A document with another value, or none, at the end of a trail: what lies beside the trail is shared."""
    copy, (key, *rest) = (document.copy(), trail)
    if rest:
        copy[key] = changed(copy[key], tuple(rest), new, delete=delete)
    elif delete:
        del copy[key]
    else:
        copy[key] = new
    return copy


@cache
def whole(path: Path) -> VenueAnswer:
    (answer,), _ = read_answers([AnswerFile("answer.json", path.read_bytes())])
    return answer


def held_to(path: Path, document: Any, trail: tuple[str | int, ...]) -> None:
    """A changed answer is refused, or no number of it is another than before, but one that names its fields."""
    answer = whole(path)
    answers, problems = read_answers([file_of(document)])
    if problems:
        assert answers == ()
        return
    (new,) = answers
    assert (new.venue, new.name) == (answer.venue, answer.name), trail
    if new.left_out != answer.left_out:
        return  # named
    before = dict(amounts(answer))
    for place, amount in amounts(new):
        assert amount is None or amount.formula or amount == before[place], (trail, place)
    for old, one in zip(answer.positions, new.positions, strict=True):
        assert (one.side, one.leg or old.leg) == (old.side, old.leg), trail


@each_sound
def test_without_any_one_key_nothing_becomes_another_number(path: Path) -> None:
    document = document_of(path)
    for trail in places(document):
        if trail[-1] != "BTC-USD":  # positions listed by symbol: a row, not a key
            held_to(path, changed(document, trail, delete=True), trail)


@each_sound
@pytest.mark.parametrize("odd", ["unheard-of", {}, [], "1e99", "NaN"], ids=repr)
def test_an_odd_value_is_refused_or_changes_no_number(path: Path, odd: Any) -> None:
    document = document_of(path)
    for trail in places(document):
        answers, problems = read_answers([file_of(changed(document, trail, odd))])
        assert answers == () or problems == []


@draws(st.sampled_from(SOUND), st.data())
def test_no_answer_makes_the_reader_fail(path: Path, data: st.DataObject) -> None:
    document = document_of(path)
    trail = data.draw(st.sampled_from(places(document)))
    new = data.draw(st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just([[]]) | st.just({"": ""}))
    answers, problems = read_answers([file_of(changed(document, trail, new))])
    assert bool(answers) != bool(problems)

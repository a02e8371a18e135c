"""What a venue sends instead of data is told in its own words: errors with HTTP 200, nothing, a web page, half a file.

The envelopes are those of the venues' documentation; figures and addresses in them are made up.
"""

import pytest

from marginctl.venues.answers import answer_of

NO_ANSWERS = {
    "one code and one text": (
        '{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}',
        "the answer is an error: code `-2015` `Invalid API-key, IP, or permissions for action.`",
    ),
    "a long text is kept whole": (
        (
            '{"msg": "Your IP 203.0.113.7 is not included in your API key\'s 00000000-0000-0000-0000-000000000000'
            ' IP whitelist.", "code": "50110"}'
        ),
        (
            "okx refused: code `50110` `Your IP 203.0.113.7 is not included in your API key's"
            " 00000000-0000-0000-0000-000000000000 IP whitelist.`"
        ),
    ),
    "a text under another key": (
        '{"success": false, "code": 402, "message": "API Key expired, please apply again"}',
        "mexc refused: code `402` `API Key expired, please apply again`",
    ),
    "beside an empty result": (
        '{"retCode": 10003, "retMsg": "API key is invalid.", "result": {}, "retExtInfo": {}, "time": 1795176000000}',
        "bybit refused: retCode `10003` `API key is invalid.`",
    ),
    "within an error": (
        '{"jsonrpc": "2.0", "error": {"message": "unauthorized", "code": 13009}, "testnet": false}',
        "deribit refused: code `13009` `unauthorized`",
    ),
    "within a list of errors": (
        '{"errors": [{"msg": "No subaccount found with subaccountNumber 0"}, {"msg": "and more"}]}',
        "dydx refused: `No subaccount found with subaccountNumber 0`; `and more`",
    ),
    "an error without code and words": (
        '{"error": {"kind": "maintenance", "until": null, "minutes": 5}}',
        "the answer is an error: `kind` `maintenance`, `minutes` `5`",
    ),
    "an error that is a text": (
        '{"result": "error", "error": "apiLimitExceeded"}',
        "the answer is an error: `apiLimitExceeded`",
    ),
    "several errors that are texts": (
        '{"error": ["EGeneral:Temporary lockout"]}',
        "the answer is an error: `EGeneral:Temporary lockout`",
    ),
    "no success without a code": (
        '{"success": false, "message": "System busy"}',
        "the answer is an error: `System busy`",
    ),
    "a status": (
        '{"status": "err", "response": "User or API wallet does not exist."}',
        "the answer is an error: `User or API wallet does not exist.`",
    ),
    "a gateway's words": ('{"message": "Forbidden"}', "the answer is an error: `Forbidden`"),
    "an empty list": ("[]", "the answer is empty: []"),
    "an empty object": ("{}", "the answer is empty: {}"),
    "null": ("null\n", "the answer is empty: null"),
    "no rows": ('{"code": "0", "data": [], "msg": ""}', "the answer is empty: nothing is in `data`"),
    "no rows in a result": (
        '{"retCode": 0, "retMsg": "OK", "result": {"category": "linear", "list": []}}',
        "the answer is empty: nothing is in `result.list`",
    ),
    "an account": (
        '{"code": "0", "data": [{"adjEq": "", "details": [], "imr": ""}], "msg": ""}',
        "this is no answer of a known format: its keys are `adjEq`, `details`, `imr`",
    ),
    "plain text": ("error code: 1015", "the answer is text, not JSON: `error code: 1015`"),
    "an empty file": (" \n", "the file is empty"),
    "half a file": ('[{"symbol":"BTCUSDT","positionAmt":"0.0', "the answer is cut off: it ends after 39 characters"),
    "a web page": (
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>",
        "the file is a web page (`Just a moment...`), not YAML or JSON",
    ),
    "a web page without a title": (
        "\n<html>\n<body><h1>403 Forbidden</h1></body></html>",
        "the file is a web page (`403 Forbidden`), not YAML or JSON",
    ),
    "markup": (
        '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "the file is a web page (`AccessDenied`), not YAML or JSON",
    ),
    "a web page of nothing": ("<html>", "the file is a web page, not YAML or JSON"),
    "bytes for the terminal": (
        '{"code": 1, "msg": "red\\u202e"}',
        "the answer is an error: code `1` `red\\u202e`",
    ),
}


@pytest.mark.parametrize(("text", "message"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer_is_said_in_the_venues_words(text, message):
    answer, problems = answer_of(text.encode(), "answer.json")
    assert answer is None
    assert [problem.message for problem in problems] == [message]
    assert all(len(problem.excerpt) <= 120 for problem in problems)


def test_half_a_file_is_to_be_saved_again():
    _, (problem,) = answer_of(b'{"code": "0", "data": [{"tier": "1", "im', "answer.json")
    assert problem.help == "save the whole answer as it came"


@pytest.mark.parametrize("error", ["null", "false", "[]", "{}", '""'])
def test_an_error_that_is_none_refuses_nothing(error):
    text = '{"error": ' + error + ', "success": true, "code": "00000", "hello": {"a": 1}}'
    _, (problem,) = answer_of(text.encode(), "answer.json")
    assert problem.message.startswith("this is no answer of a known format: its keys are `error`, `success`,")


def test_a_page_of_any_size_is_one_line():
    page = "<html>" + "<p>text</p>" * 100_000
    _, (problem,) = answer_of(page.encode(), "answer.json")
    assert len(problem.message) < 120
    assert problem.excerpt == ""

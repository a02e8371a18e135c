"""Secrets: where they come from, and that nothing shows them."""

from pathlib import Path

import pytest

from marginctl.venues.answers.answer_map import LiveMap
from marginctl.venues.live.credentials import LiveError, Masks, credentials_of, neutralised

LIVE = LiveMap(exchange="x", credentials={"apiKey": "MARGINCTL_X_KEY", "secret": "MARGINCTL_X_SECRET"})


def kept(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_they_come_from_the_environment() -> None:
    environment = {"MARGINCTL_X_KEY": "k-1", "MARGINCTL_X_SECRET": "s-1", "MARGINCTL_Y_KEY": "other"}
    assert credentials_of(LIVE, None, environment) == {"apiKey": "k-1", "secret": "s-1"}


def test_a_file_counts_before_the_environment(tmp_path: Path) -> None:
    path = kept(tmp_path, "# mine\nexport MARGINCTL_X_KEY='k-2'\n\nMARGINCTL_X_SECRET = s=2=\n")
    environment = {"MARGINCTL_X_KEY": "k-1", "MARGINCTL_X_SECRET": "s-1"}
    assert credentials_of(LIVE, path, environment) == {"apiKey": "k-2", "secret": "s=2="}


def test_all_that_are_missing_are_named() -> None:
    with pytest.raises(LiveError, match="not set: MARGINCTL_X_KEY, MARGINCTL_X_SECRET"):
        credentials_of(LIVE, None, {"MARGINCTL_X_KEY": ""})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = kept(tmp_path, "MARGINCTL_X_KEY=k-2-secret\nMARGINCTL_X_SECRET=s\n", mode)
    with pytest.raises(LiveError, match="others may read it") as refused:
        credentials_of(LIVE, path, {})
    assert "k-2-secret" not in refused.value.message + refused.value.help
    assert refused.value.help.startswith("chmod 600 ")


@pytest.mark.parametrize(
    ("text", "said"),
    [("MARGINCTL_X_KEY=k\nhunter2-secret\n", "line 2 is no NAME=VALUE"), ("\udcff", "is no text")],
)
def test_a_file_that_is_none_is_refused_without_its_text(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keys"
    path.write_bytes(text.encode(errors="surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(LiveError, match=said) as refused:
        credentials_of(LIVE, path, {})
    assert "hunter2" not in refused.value.message + refused.value.help


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LiveError, match="cannot be read: No such file"):
        credentials_of(LIVE, tmp_path / "none", {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key Key-Of-Mine and secret s/e+c", "key *** and secret ***"),
        ("GET https://x/y?a=1&signature=0a1b2c&b=2", "GET https://x/y?a=1&signature=***&b=2"),
        ("sign=0a1b2c", "sign=***"),
        ("your IP 203.0.113.7 is not bound", "your IP *** is not bound"),
        ("from 2001:db8:0:1:2:3:4:5 no", "from *** no"),
        ("of jane.doe+x@mail.example.org now", "of *** now"),
        ("1.25 of 10.5 at 12:30:01", "1.25 of 10.5 at 12:30:01"),
    ],
)
def test_what_is_masked(text: str, shown: str) -> None:
    assert Masks(("key-of-mine", "s/e+c", "of")).masked(text) == shown


def test_what_masks_shows_no_secret_itself() -> None:
    assert "key-of-mine" not in repr(Masks(("key-of-mine",))) + str(Masks(("key-of-mine",)))


def test_a_saved_answer_has_nothing_of_a_person_and_every_figure() -> None:
    text = '{"uid": "12345", "id":  77, "size": "0.10", "note": "my \\"uid\\": \\"9\\"", "at": "0xabcd1234", "n": 1.50}'
    assert neutralised(text, ["uid", "id"], Masks(("0xABCD1234",))) == (
        '{"uid": "***", "id":  0, "size": "0.10", "note": "my \\"uid\\": \\"9\\"", "at": "***", "n": 1.50}'
    )

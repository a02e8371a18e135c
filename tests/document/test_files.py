import pytest

from marginctl.document.files import decode

from .told import told

UTF_8 = "save it as UTF-8"
TEXT = "account: {name: desk}\n"


@pytest.mark.parametrize("data", [TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode()], ids=["plain", "byte order mark"])
def test_utf_8_is_read_with_and_without_mark(data):
    source, problems = decode(data, "book.yaml")
    assert (source.name, source.text, problems) == ("book.yaml", TEXT, [])


@pytest.mark.parametrize("text", ["größe", "币安", "tab\tand\r\nbreaks", "\U0001f600"])
def test_any_character_that_can_be_shown_is_read(text):
    assert decode(text.encode(), "f")[0].text == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TEXT.encode("utf-16"), f"0:0 MC001 the file is UTF-16, not UTF-8 -> {UTF_8}"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), f"0:0 MC001 the file is UTF-16, not UTF-8 -> {UTF_8}"),
        (TEXT.encode("utf-16-le"), f"0:0 MC001 the file is UTF-16, not UTF-8 -> {UTF_8}"),
        (TEXT.encode("utf-16-be"), f"0:0 MC001 the file is UTF-16, not UTF-8 -> {UTF_8}"),
        (TEXT.encode("utf-32"), f"0:0 MC001 the file is UTF-32, not UTF-8 -> {UTF_8}"),
        (TEXT.encode("utf-32-le"), f"0:0 MC001 the file is UTF-32, not UTF-8 -> {UTF_8}"),
        (TEXT.encode("utf-32-be"), f"0:0 MC001 the file is UTF-32, not UTF-8 -> {UTF_8}"),
        ("a: 1\nname: größe".encode("latin-1"), f"2:9 MC001 the file is not UTF-8: byte 0xf6 -> {UTF_8}"),
        ("é: \ud83d".encode("utf-8", "surrogatepass"), f"1:4 MC001 the file is not UTF-8: byte 0xed -> {UTF_8}"),
        ("a: \u2028\x85b\r\nc\r".encode() + b"d\x81", f"3:2 MC001 the file is not UTF-8: byte 0x81 -> {UTF_8}"),
        (b"a: 1\n\nb: \0", r"3:4 MC001 the control character `\x00` is not allowed -> remove it"),
        (b"a: \x1b[31mred", r"1:4 MC001 the control character `\x1b` is not allowed -> remove it"),
        (b"a: \x7f", r"1:4 MC001 the control character `\x7f` is not allowed -> remove it"),
        ("a: ü\x9b".encode(), r"1:5 MC001 the control character `\x9b` is not allowed -> remove it"),
        ("a: \uffff".encode(), r"1:4 MC001 the control character `\uffff` is not allowed -> remove it"),
        (b"a: \x0c1\nb: \x00", r"1:4 MC001 the control character `\x0c` is not allowed -> remove it"),
        (
            "# off \u2028limits: {}".encode(),
            r"1:7 MC001 the line separator `\u2028` is not allowed -> remove it, or write \u2028 in double quotes",
        ),
        (
            'a: 1\nb: "\x85"'.encode(),
            r"2:5 MC001 the line separator `\x85` is not allowed -> remove it, or write \x85 in double quotes",
        ),
        (
            "a: \u2029".encode(),
            r"1:4 MC001 the line separator `\u2029` is not allowed -> remove it, or write \u2029 in double quotes",
        ),
        (
            b" " * (20 * 1024 * 1024),
            "0:0 MC001 the file has 20.0 MiB, at most 16 MiB are read -> split it into several files",
        ),
    ],
)
def test_a_file_that_is_no_text(data, expected):
    assert told(decode(data, "book.yaml")[1]) == [expected]


def test_the_excerpt_of_an_undecodable_line_can_be_shown():
    (problem,) = decode("name: gr\xf6\xdfe".encode("latin-1"), "f")[1]
    assert problem.excerpt == "name: gr\ufffd\ufffde"


def test_sixteen_mebibytes_are_allowed():
    assert decode(b"#" * (16 * 1024 * 1024), "f")[1] == []

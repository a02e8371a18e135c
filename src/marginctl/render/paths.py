"""File names as the formats for code hosts want them: relative, with forward slashes."""

from hashlib import sha256

STANDARD_INPUT = "-"


def relative(file: str) -> str:
    """The path with forward slashes and without a leading ``./``; standard input is called ``stdin``."""
    if file == STANDARD_INPUT:
        return "stdin"
    path = file.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path or "."


def fingerprint(*parts: str) -> str:
    """A name for a finding that stays the same when lines move: 32 hex digits of its parts."""
    return sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]

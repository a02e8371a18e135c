"""How far a run over a book is: one line on a terminal's standard error."""

import sys
from time import monotonic

INTERVAL = 0.2


class Progress:
    """Accounts done of all, a second, failing, decided anew; nothing where nobody watches."""

    def __init__(self, total: int | None, *, wanted: bool) -> None:
        self._total, self._wanted = total, wanted and sys.stderr.isatty()
        self._started = self._drawn = monotonic()
        self._width = 0

    def show(self, done: int, failing: int, recomputed: int, *, exact: bool) -> None:
        """Draw it now and then."""
        now = monotonic()
        if not self._wanted or now - self._drawn < INTERVAL:
            return
        self._drawn = now
        rate = done / max(now - self._started, INTERVAL)
        of = f" of {self._total:,}" if self._total else ""
        again = "" if exact else f", {recomputed:,} recomputed"
        self._write(f"{done:,}{of} accounts, {rate:,.0f}/s, {failing:,} failing{again}")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()

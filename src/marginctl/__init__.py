"""Exact margin of cross-collateralised crypto-futures accounts.

As a library: ``check``, ``stress``, ``what_if``, ``headroom`` and ``explain`` take a portfolio (a text, a path or a
mapping) and return a result with ``to_dict()`` and ``rows()``; ``read`` keeps one for many of them. The manual is
docs/library.md.
"""

TYPE_CHECKING = False  # that of typing takes ten milliseconds, in which Ctrl-C is a traceback
__version__ = "0.1.0"
__all__ = (
    "Checked",
    "Explained",
    "Headroom",
    "InputError",
    "Portfolio",
    "Stressed",
    "WhatIf",
    "check",
    "explain",
    "headroom",
    "read",
    "stress",
    "what_if",
)

if TYPE_CHECKING:
    from marginctl.analysis.library import Portfolio, check, explain, headroom, read, stress, what_if
    from marginctl.analysis.library_results import Checked, Explained, Headroom, InputError, Stressed, WhatIf
else:

    def __getattr__(name: str) -> object:
        """A name of the library, imported when it is first asked for: a command asks for none."""
        if name not in __all__:
            raise AttributeError(f"module 'marginctl' has no attribute {name!r}")
        return getattr(__import__("marginctl.analysis.library", fromlist=(name,)), name)

    def __dir__() -> list[str]:
        return [*__all__, "__version__"]

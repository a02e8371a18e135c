"""The optional extension: the float screen of books. All else is in pyproject.toml.

Where there is no compiler the package is installed without it, and books are computed by the exact core.
MARGINCTL_PURE=1 leaves it out on purpose: a wheel that runs everywhere.
"""

import os
import sys

from setuptools import Extension, setup

ROUNDED_AS_WRITTEN = ["-O2", "-std=c11", "-ffp-contract=off", "-fno-math-errno", "-fno-builtin-memset"]
"""No fused operations: the same bytes on every machine. The library empties memory faster than what stands in line."""

KERNEL = Extension(
    "marginctl.books._kernel",
    sources=["src/marginctl/books/_kernel.c"],
    depends=["src/marginctl/books/_kernel.h"],
    extra_compile_args=["/O2", "/fp:precise"] if sys.platform == "win32" else ROUNDED_AS_WRITTEN,
    optional=True,
)

setup(ext_modules=[] if os.environ.get("MARGINCTL_PURE") else [KERNEL])

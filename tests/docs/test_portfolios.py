"""Every bundled portfolio computes what was derived by hand, says so in its comment, and passes or fails on purpose."""

import json
import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from marginctl.cli.main import app
from tests.docs.derivations import BY_HAND, BTC_ALONE_IN_CROSS, Derived

ROOT = Path(__file__).parents[2]
PORTFOLIOS = sorted((ROOT / "portfolios").glob("*.yaml"))
TODAY = "2026-11-22"
MONEY_PLACES = Fraction(1, 10**8)
RATIO_PLACES = Fraction(1, 10**10)

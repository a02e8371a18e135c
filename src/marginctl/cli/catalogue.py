"""The catalogue: rule sets, limits and schemas, as they are."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marginctl.cli.exits import NOT_CHECKED, OK
from marginctl.cli.flags import FlagError, day, one_of
from marginctl.cli.terminal import complain, emit, terminal
from marginctl.document.source import echo, printable
from marginctl.findings import Problem
from marginctl.render.document import Options
from marginctl.venues import loader
from marginctl.venues.rule_set import RuleSet

if TYPE_CHECKING:
    from marginctl.limits.rule import Rule
    from marginctl.render.catalogue import Listed, RuleEntry

"""The flags of a command with what its surroundings say: flags win over variables, these over the configuration's file.

Policies alone add up: all that anybody names hold. A file that is found in a tree may come from anybody: it reaches
nothing outside of its repository, writes nothing outside of its own folder, and beside a policy that a flag or a
variable names, it takes nothing away.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from marginctl.analysis.configuration import ConfigFile, read_configuration
from marginctl.analysis.policies import AskedPolicy
from marginctl.cli.batch import processors
from marginctl.cli.discovery import PREFIX, ConfigPlace, Surroundings, variables
from marginctl.cli.inputs import STDIN
from marginctl.cli.options import FLAG, Flags, RefusedError, flags_of
from marginctl.cli.terminal import NARROWEST, complain
from marginctl.document.files import lies_in
from marginctl.document.scalars import FlagError
from marginctl.document.source import Source, echo, near
from marginctl.findings import Location, Problem
from marginctl.limits.verdict import FailOn

F = TypeVar("F", bound=Flags)
WIDEST = 9999
MAGIC = re.compile(r"[*?\[]")
GIT = "git:"
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class SettingKind(Enum):
    """What a setting holds."""

    TEXT = "text"
    LIST = "list"
    COUNT = "count"
    SWITCH = "switch"


class Setting(NamedTuple):
    """A key of the configuration and the flag that it is. ``weakens``: it may let pass what a policy stops."""

    key: str
    flag: str
    kind: SettingKind = SettingKind.TEXT
    is_path: bool = False
    weakens: bool = False
    of_gate: bool = False

    @property
    def variable(self) -> str:
        """Its variable of the environment."""
        return PREFIX + self.key.upper()

    @property
    def switch(self) -> str:
        """Its flag as it is typed."""
        return "PATH" if self.flag == "paths" else f"--{self.flag.replace('_', '-')}"


SETTINGS = (
    Setting("paths", "paths", SettingKind.LIST, is_path=True, of_gate=True),
    Setting("exclude", "exclude", SettingKind.LIST, weakens=True),
    Setting("policy", "limits", SettingKind.LIST, is_path=True),
    Setting("format", "format", of_gate=True),
    Setting("output", "output", SettingKind.LIST, of_gate=True),
    Setting("rules", "rules", is_path=True, weakens=True),
    Setting("fail_on", "fail_on", weakens=True),
    Setting("select", "select", SettingKind.LIST, weakens=True),
    Setting("ignore", "ignore", SettingKind.LIST, weakens=True),
    Setting("baseline", "baseline", is_path=True, weakens=True),
    Setting("rule_pages", "rule_pages"),
    Setting("jobs", "jobs", SettingKind.COUNT),
    Setting("notes", "notes", SettingKind.SWITCH),
    Setting("sarif_waived", "sarif_waived", SettingKind.SWITCH),
    Setting("color", "color"),
    Setting("width", "width", SettingKind.COUNT),
    Setting("quiet", "quiet", SettingKind.SWITCH),
    Setting("verbose", "verbose", SettingKind.SWITCH),
)
RIVALS = (frozenset(("quiet", "verbose")), frozenset(("select", "ignore")))
"""Whoever says one of them, says it instead of the others of somebody weaker."""
BESIDE_LIVE = "paths"
"""What nobody takes from a file where a venue is asked."""


class SettingOrigin(Enum):
    """Who says a setting."""

    FLAG = "flag"
    VARIABLE = "variable"
    FILE = "file"
    DEFAULT = "default"


class Taken(NamedTuple):
    """A setting as it counts. ``value``: as it would be typed; ``place``: in words; ``location``: in the file."""

    setting: Setting
    value: Any
    origin: SettingOrigin
    place: str
    location: tuple[Source, Any] | None = None


class _File(NamedTuple):
    """A configuration that was read."""

    record: ConfigFile
    source: Source
    place: ConfigPlace


def read_settled(
    group: type[F], typed: Mapping[str, Any], given: Callable[[str], bool], place: ConfigPlace | None
) -> F:
    """The flags of a command, read, with what its surroundings say. Raises FlagError, RefusedError."""
    around, remarks = settled(group, typed, given, place)
    for remark in remarks:
        complain(remark)
    by_flag = {one.setting.flag: one for one in around.told}
    own = _own(group)
    values = dict(typed) | {name: one.value for name, one in by_flag.items() if name not in own and _adds(one)}
    read: dict[str, Any] = {}
    problems: list[Problem] = []
    for flag in flags_of(group):
        try:
            read[flag.name] = flag.value(values.get(flag.name, flag.default))
        except FlagError as error:
            if flag.name not in by_flag:
                raise
            problems.append(_refused(by_flag[flag.name], error))
    if problems:
        raise RefusedError(problems)
    flags = group(**read)
    flags.around = around
    return flags


def _own(group: type[Flags]) -> frozenset[str]:
    """The flags of a command that lists settings which are about its list."""
    return frozenset(("format",)) if group.lists_settings else frozenset()


def _adds(one: Taken) -> bool:
    """Whether a setting is a flag's value: the policies of a file are read apart, since less is allowed to them."""
    return one.setting.key != "policy" or one.origin is not SettingOrigin.FILE


def _refused(one: Taken, error: FlagError) -> Problem:
    if one.location is not None:
        source, node = one.location
        return source.problem(node, FLAG, error.message, error.help)
    lead = f"{one.place}: " if one.origin is SettingOrigin.VARIABLE else ""
    return Problem(Location(""), FLAG, f"{lead}{error.message}", error.help)


def settled(
    group: type[Flags], typed: Mapping[str, Any], given: Callable[[str], bool], place: ConfigPlace | None
) -> tuple[Surroundings, tuple[str, ...]]:
    """Every setting that a command has, as it counts, and what does not count. Raises FlagError, RefusedError."""
    names = {flag.name for flag in flags_of(group)}
    settings = [one for one in SETTINGS if group.is_gate or (one.flag in names and not one.of_gate)]
    spoken = _spoken(variables())
    file, remarks = _opened(place)
    typed_ones = {one.flag for one in settings if given(one.flag) and one.flag not in _own(group)}
    by_flag = _with_rivals(set(typed_ones))
    by_variable = _with_rivals({one.flag for one in settings if one.key in spoken}) | by_flag
    is_bound = "limits" in names and bool(typed.get("limits") or "policy" in spoken)
    taken = []
    for one in settings:
        if one.flag in typed_ones:
            taken.append(Taken(one, typed[one.flag], SettingOrigin.FLAG, one.switch))
        elif one.key in spoken and one.flag not in by_flag:
            value = _said(one, spoken[one.key])
            taken.append(Taken(one, value, SettingOrigin.VARIABLE, one.variable))
        elif file is not None and one.flag not in by_variable and _counts(one, file, typed):
            found = _written(one, file)
            if is_bound and one.weakens and not _is_stricter(one, found.value):
                remarks += (f"{found.place}: `{one.key}` does not count beside a policy that {_who(typed)} names",)
            else:
                taken.append(found)
    policies = _policies(file, is_bound=is_bound) if file is not None and "limits" in names else ()
    return _around(taken, policies, file), remarks


def _who(typed: Mapping[str, Any]) -> str:
    return "a flag" if typed.get("limits") else f"{PREFIX}POLICY"


def _spoken(found: Mapping[str, str]) -> dict[str, str]:
    """The variables that are settings. Raises FlagError for one that almost is."""
    keys = [one.key for one in SETTINGS]
    for name in found:
        meant = "" if name in keys else near(name, keys, surely=True)
        if meant:
            raise FlagError(f"{PREFIX}{name.upper()} is no setting", f"did you mean {PREFIX}{meant.upper()}?")
    return {name: text for name, text in found.items() if name in keys}


def _with_rivals(names: set[str]) -> set[str]:
    return names.union(*(rivals for rivals in RIVALS if rivals & names))


def _opened(place: ConfigPlace | None) -> tuple[_File | None, tuple[str, ...]]:
    """The configuration, read. Raises RefusedError with everything wrong with it."""
    if place is None:
        return None, ()
    if place.foreign:
        return None, (f"{place.path} belongs to another user and is not read",)
    if not lies_in(Path(place.path), place.root):
        problem = Problem(Location(place.path), "MC001", "the link leads out of the repository, and is not followed")
        raise RefusedError([problem])
    found, problems = read_configuration(place.path)
    if found is None:
        raise RefusedError(problems)
    return _File(*found, place), ()


def _counts(one: Setting, file: _File, typed: Mapping[str, Any]) -> bool:
    """Whether a file says a setting where it is meant."""
    if ConfigFile.layout.by_name[one.key] not in file.record:
        return False
    if one.key == "baseline" and typed.get("write_baseline"):  # which may be about to make it
        return os.path.exists(os.path.join(file.place.folder, str(file.record.baseline)))  # noqa: PTH110, PTH118
    return one.key != BESIDE_LIVE or not typed.get("live")


def _written(one: Setting, file: _File) -> Taken:
    """A setting of a file. Raises RefusedError where it reaches further than it may."""
    key = ConfigFile.layout.by_name[one.key]
    node, value = file.record.at(key), file.record[key]
    location = file.source.location(node)
    taken = Taken(one, value, SettingOrigin.FILE, f"{location.file}:{location.line}", (file.source, node))
    if isinstance(value, Decimal):
        most = WIDEST if one.key == "width" else processors()
        value = min(int(value), most) if one.key != "width" or value >= NARROWEST else NARROWEST
    elif one.key == "output":
        value = [f"{form}={_target(path, file, value.places[form][1])}" for form, path in value.items()]
    elif one.key == "exclude":
        value = [_beside(text, file) if "/" in text.rstrip("/") else text for text in value]
    elif one.is_path:
        several = value if isinstance(value, list) else [value]
        value = [text if text.startswith(GIT) else _within(text, file, node) for text in several]
        value = value if one.kind is SettingKind.LIST else value[0]
    return taken._replace(value=value)


def _beside(text: str, file: _File) -> str:
    """A path that counts from the folder of the file, from the working directory."""
    return os.path.normpath(os.path.join(file.place.folder, text))  # noqa: PTH118


def _within(text: str, file: _File, node: Any) -> str:
    """The same of one that stays within the repository. Raises RefusedError."""
    path = _beside(text, file)
    if text == STDIN:
        raise RefusedError([file.source.problem(node, FLAG, "standard input is no file", "name it by a flag: -")])
    start = MAGIC.split(path)[0]
    fixed = path if start == path else os.path.dirname(start)  # noqa: PTH120
    if not (lies_in(Path(fixed), file.place.root) or os.path.realpath(fixed) == os.path.realpath(file.place.root)):
        message = f"{echo(text)} lies outside of the repository"
        raise RefusedError([file.source.problem(node, FLAG, message, "name it by a flag or a variable instead")])
    return path


def _target(text: str, file: _File, node: Any) -> str:
    """A file to write: below the configuration's folder, not hidden, through no link. Raises RefusedError."""
    path = _beside(text, file)
    folder = Path(file.place.folder or os.curdir)
    parts = Path(os.path.normpath(text)).parts
    if os.path.isabs(text) or any(part.startswith(".") for part in parts) or not lies_in(Path(path), folder):  # noqa: PTH117
        message = f"`output` would write {echo(text)}, which is not below the folder of this file, or is hidden"
        raise RefusedError([file.source.problem(node, FLAG, message, "name it by --output instead")])
    return path


def _is_stricter(one: Setting, value: Any) -> bool:
    """Whether a setting of a file lets nothing pass that the default stops."""
    return one.key == "fail_on" and value != FailOn.NEVER.value


def _policies(file: _File, *, is_bound: bool) -> tuple[AskedPolicy, ...]:
    """The policies that a file names, and the file itself where it has limits."""
    paths = _written(SETTINGS[2], file).value if ConfigFile.policy in file.record else []
    own = [file.place.path] if file.record.asks else []
    return tuple(AskedPolicy(path, file.place.root, is_bound) for path in (*own, *paths))


def _around(taken: Iterable[Taken], policies: tuple[AskedPolicy, ...], file: _File | None) -> Surroundings:
    taken = tuple(taken)
    from_file = any(one.setting.flag == "paths" and one.origin is SettingOrigin.FILE for one in taken)
    named = file is not None and ConfigFile.paths in file.record
    portfolios = _written(SETTINGS[0], file).value if file is not None and named else []
    if file is None:
        return Surroundings(taken, policies)
    root = file.place.root if from_file else None
    return Surroundings(taken, policies, tuple(portfolios), root, file.place.path, (file.record, file.source))


def _said(one: Setting, text: str) -> Any:
    """The text of a variable as it would be typed. Raises FlagError."""
    if one.kind is SettingKind.LIST:
        return [part.strip() for part in re.split("[,\n]", text) if part.strip()]
    if one.kind is SettingKind.SWITCH:
        if text.lower() not in YES + NO:
            raise FlagError(f"{one.variable} {echo(text)} is neither yes nor no", "write 1 or 0")
        return text.lower() in YES
    if one.kind is SettingKind.COUNT:
        least = NARROWEST if one.key == "width" else 0
        if not (text.isascii() and text.isdigit() and len(text) < len(str(WIDEST)) + 1 and int(text) >= least):
            raise FlagError(f"{one.variable} {echo(text)} is no number of {one.key}", f"write {least} or more")
        return int(text)
    return text

"""Answers of a venue -> the portfolio that they mean, as text that `check` accepts, or everything that is missing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from marginctl import __version__
from marginctl.analysis.check import Loaded, Settings, load_portfolio, loaded_nodes
from marginctl.analysis.reconciling import implied_fee, reconciled
from marginctl.document.edit import PathError, place_and_value
from marginctl.document.nodes import Mapping, Node, Scalar
from marginctl.document.nodes import Sequence as List
from marginctl.document.reader import read
from marginctl.document.rewrite import Put, RewriteError, rewritten
from marginctl.document.source import echo, printable
from marginctl.document.written import WrittenValue
from marginctl.findings import Location, Problem
from marginctl.portfolio.importing.book import ImportedBook, book_of
from marginctl.portfolio.importing.notebook import Request
from marginctl.results.reconciliation import Agreement, ImportResult, MissingFact, UsedAnswer
from marginctl.venues import loader
from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.answers.recognition import AnswerFile, of_account, read_answers
from marginctl.venues.rule_set import RuleSet
from marginctl.wording import exact_percent

FACTS = frozenset(("MC012", "MC020", "MC021", "MC022", "MC023", "MC025", "MC026"))
"""Codes of problems that are facts which nobody gave; all others are mistakes."""
NAME = ""
"""Texts that are read again have none: nothing is said of them."""
HIDDEN = frozenset(("MC020", "MC022", "MC023"))
"""Those that only show once others are given."""
MOST_ROUNDS = 3
FEE_FLAG = "--set account.taker_fee="
ANY = "type: linear, tiers: [{maintenance_rate: 0%, max_leverage: 1000}]"
"""A table that stands for one that is not known, to find what else is missing."""
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_ADD = re.compile(r"add `(?P<key>[A-Za-z_0-9.:-]+): [^`]*`(?: (?:to its row )?under `(?P<section>\w+):`)?")


class Imported(Struct, frozen=True):
    """An import on its way: the text, the account it means (None with what is missing), and what it was made of."""

    result: ImportResult
    book: ImportedBook | None = None
    loaded: Loaded | None = None


def imported(files: Sequence[AnswerFile], venue: str | None, request: Request, settings: Settings) -> Imported:
    """The portfolio of the answers in files, or every problem and every missing fact."""
    answers, problems = read_answers(files, venue)
    answers, more = of_account(answers, request.account) if answers else ((), [])
    if not answers or problems or more:
        return _refused([*problems, *more])
    rule_set, problems = _rule_set(answers[0], request, settings)
    if rule_set is None:
        return _refused(problems)
    book = book_of(answers, rule_set, request, settings.today)
    if twice := [asset for asset in request.wallet if asset in book.gathered.assets]:
        message = f"{echo(twice[0])} stands in the answers already"
        return _refused([Problem(Location("--wallet"), "MC016", message, "leave out what a file has")])
    try:
        found = _checked(book, request, settings)
        fee = _fee(found, request, settings)
        return found if fee is None else _checked(_with_fee(book, fee), request, settings)
    except (PathError, RewriteError) as error:
        return _refused([Problem(Location("--set"), "MC013", error.message, error.help)])


def _fee(one: Imported, request: Request, settings: Settings) -> Decimal | None:
    """Where the fee is missing: the one that all initial margins of the answers agree on, to their last digits."""
    if not any(fact.flag.startswith(FEE_FLAG) for fact in one.result.missing):
        return None
    stated = replace(settings, sets=(("account.taker_fee", "0%"),))
    loaded, _ = load_portfolio(one.result.text.encode(), request.place, stated)
    return None if loaded is None else implied_fee(loaded)


def _with_fee(book: ImportedBook, fee: Decimal) -> ImportedBook:
    """The book with a fee that was worked back."""
    account = book.sections["account"]
    known = account if isinstance(account, dict) else {}
    text = f"{exact_percent(fee)}%"
    book.notes.remark("account", f"taker_fee {text} is worked back: all initial margins agree on it")
    return replace(book, sections={**book.sections, "account": {**known, "taker_fee": WrittenValue(text)}})


class Wishes(Struct, frozen=True):
    """What an import is asked for beside the file; ``draft``: the file although facts are missing."""

    reconcile: bool = False
    strict: bool = False
    draft: bool = False


def finished(one: Imported, wishes: Wishes) -> ImportResult:
    """The result with its exit code, reconciled if asked: 2 = not imported, 1 = imported, but."""
    result = one.result
    if wishes.draft:
        result = replace(result, text=_with_missing(result))
    if result.errors or (result.missing and not wishes.draft):
        return replace(result, exit_code=2, text="", portfolio=None)
    if wishes.reconcile and one.loaded is not None and one.book is not None:
        result = replace(result, reconcile=reconciled(one.book, one.loaded))
    beyond = any(row.verdict is Agreement.BEYOND for row in result.reconcile or ())
    doubtful = wishes.strict and bool(result.incomplete or result.remarks)
    return replace(result, exit_code=1 if beyond or doubtful or result.missing else 0)


def _with_missing(result: ImportResult) -> str:
    """The text with what is missing behind its header, a comment each."""
    header, gap, rest = result.text.partition("\n\n")
    lines = [f"\n# missing: {printable(one.fact)}: {printable(one.flag)}" for one in result.missing]
    return "".join((header, *lines, gap, rest))


def _refused(problems: Sequence[Problem]) -> Imported:
    return Imported(ImportResult(version=__version__, exit_code=2, errors=tuple(problems)))


def _rule_set(answer: VenueAnswer, request: Request, settings: Settings) -> tuple[RuleSet | None, list[Problem]]:
    """That of the flag, else the venue's own."""
    wanted = request.given("account.venue")
    beside = Path(request.place).parent
    found, problems = loader.named(wanted or answer.venue, directory=settings.rules_dir, beside=beside)
    if found is None and wanted is None:
        message = f"there is no rule set for the answers of {answer.venue}"
        advice = "--set account.venue=generic computes without the venue's rules; or give a rule file of your own"
        return None, [Problem(Location(answer.file), "MC024", message, advice)]
    return found, problems


def _header(answers: Sequence[VenueAnswer]) -> list[str]:
    """Version, answers and times."""
    lines = [f"{one.file}: {one.title}" + (f", {one.as_of}" if one.as_of else "") for one in answers]
    return [f"Imported by marginctl {__version__} from answers of {answers[0].venue}", *lines]


def _with_sets(text: str, request: Request) -> str:
    """--set as edits of the text. Raises PathError and RewriteError."""
    for path, value in request.sets.items():
        _, root, _ = read(text.encode(), NAME)
        if root is not None:
            text = rewritten(text, [Put(*place_and_value(root, path, value))])
    return text


def _result(book: ImportedBook, text: str, root: Node | None) -> ImportResult:
    answers = book.gathered.answers
    return ImportResult(
        version=__version__,
        exit_code=0,
        text=text,
        portfolio=values_of(root),
        answers=tuple(UsedAnswer(one.file, f"{one.venue} {one.name}", one.title, one.as_of) for one in answers),
        missing=tuple(MissingFact(one.fact, one.flag) for one in book.notes.missing),
        incomplete=tuple(book.notes.incomplete),
        remarks=tuple(text for found in book.notes.remarks.values() for text in found),
    )


def _checked(book: ImportedBook, request: Request, settings: Settings) -> Imported:
    """The text with what `check` finds missing in it, or the account that it means. Raises as ``_with_sets``."""
    text = _with_sets(book.text(_header(book.gathered.answers)), request)
    source, root, problems = read(text.encode(), request.place)
    one = Imported(_result(book, text, root), book)
    loaded = None
    if root is not None and not problems:
        loaded, problems = loaded_nodes(source, root, settings)
    wrong = tuple(problem for problem in problems if problem.code not in FACTS)
    facts = _facts(one, root, problems, request, settings) if problems else []
    missing = (*one.result.missing, *(fact for fact in facts if not _is_noted(fact, one.result.missing)))
    remarks = (*one.result.remarks, *(_stale(loaded) if loaded is not None else ()))
    result = replace(one.result, missing=tuple(dict.fromkeys(missing)), errors=wrong, remarks=remarks)
    return replace(one, result=replace(result, exit_code=2 if wrong or missing else 0), loaded=loaded)


def _stale(loaded: Loaded) -> list[str]:
    """Leverages above what the brackets of the rule set allow."""
    facts = [fact.message for fact in loaded.resolved.facts if fact.code == "MC206"]
    return [f"{text}: the bracket is stale, or the account has its own" for text in facts]


def _facts(
    one: Imported, root: Node | None, problems: Sequence[Problem], request: Request, settings: Settings
) -> list[MissingFact]:
    """What the problems ask for, and what those hide: the text is read again with anything for what is missing."""
    text = one.result.text
    found = {fact: None for problem in problems if problem.code in FACTS for fact in [_fact(problem, root)]}
    stated: dict[str, str] = {}
    for _ in range(MOST_ROUNDS):
        more = {**_placeholders(found), **_declarations(one)}
        if not more.keys() - stated.keys():
            break
        stated |= more
        _, hidden = load_portfolio(text.encode(), request.place, replace(settings, sets=tuple(stated.items())))
        found |= {_fact(problem, root): None for problem in hidden if problem.code in HIDDEN}
    return list(found)


def _placeholders(facts: Iterable[MissingFact]) -> dict[str, str]:
    """Values for what is missing, by path: a price of 1, a rate or an amount of next to nothing."""
    paths = [fact.flag.removeprefix("--set ").partition("=")[0] for fact in facts if fact.flag.startswith("--set ")]
    return {path: "1" if "price" in path or path.endswith("leverage") else "0.0001" for path in paths}


def _declarations(one: Imported) -> dict[str, str]:
    """Contracts that nobody declares, as anything."""
    unknown = one.book.unknown if one.book is not None else ()
    return {f'contracts."{name}"': f"{{base: {base}, quote: {quote}, {ANY}}}" for name, base, quote in unknown}


def _is_noted(fact: MissingFact, known: Sequence[MissingFact]) -> bool:
    """Whether the same is missing already: a contract, or a value for the same path."""
    path = fact.flag.partition("=")[0]
    return any(fact.fact in (one.fact, one.fact.replace("`", "")) or one.flag.startswith(f"{path}=") for one in known)


def _fact(problem: Problem, root: Node | None) -> MissingFact:
    """What a problem of the text with that root asks for, as a flag."""
    message, row = problem.message.replace("`", ""), _row_at(problem.location, root)
    found = _ADD.search(problem.help)
    if "has no mark_price either" in message.replace("which has no mark_price", "has no mark_price"):
        return MissingFact(message, f"--set {row}.mark_price=PRICE")
    if found is None:
        return MissingFact(message, problem.help)
    key, section = found["key"], found["section"]
    place = row if section in (None, "collateral") else section
    return MissingFact(message, f"--set {place}.{key}=...")


def _row_at(location: Location, root: Node | None) -> str:
    """The path of the row or section in which a place lies: ``positions.0``."""
    found = ""
    for path, node in _mappings(root, ()) if root is not None else ():
        if node.line <= location.line:
            found = ".".join(map(str, path))
    return found


def _mappings(node: Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Node]]:
    """Every mapping with its path, in the order of the file."""
    if isinstance(node, Mapping):
        if path:
            yield path, node
        for key, value in node.entries:
            yield from _mappings(value, (*path, key.text))
    elif isinstance(node, List):
        for number, item in enumerate(node.items):
            yield from _mappings(item, (*path, number))


def values_of(root: Node | None) -> dict[str, Any]:
    """A portfolio's nodes as values: numbers exact, anything else as it is written."""
    return dict(_value(root)) if isinstance(root, Mapping) else {}


def _value(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {key.text: _value(value) for key, value in node.entries}
    if isinstance(node, List):
        return [_value(item) for item in node.items]
    text = node.text if isinstance(node, Scalar) else ""
    return Decimal(text) if _NUMBER.fullmatch(text) else text

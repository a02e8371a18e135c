"""Files of a run -> the answers in them: which venue's and which of its answers each is, told by shape alone."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from msgspec import Struct

from marginctl.document.source import echo
from marginctl.findings import Location, Problem
from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.answers.answer_map import AnswerForm, AnswerMap
from marginctl.venues.answers.contents import AGAIN, WHOLE, Content, Value, content_of
from marginctl.venues.answers.expressions import AnswerRow, MisfitError, Path, has, rows_at
from marginctl.venues.answers.map_files import bundled_maps, forms_of, is_own
from marginctl.venues.answers.reading import Recognized, answers
from marginctl.venues.answers.refusal import DATA, REASONS, AnswerRefusal, emptiness, refusal

NO_FORMAT = "this is no answer of a known format"
MOST_KEYS = 8
NOTHING = "no positions, or the wrong account: name the venue ({}), and give the account's wallet answer as well"
NO_INFO = "an object of ccxt without its `info`: the venue's own figures are not in it"
SAVE_RAW = "save the venue's own answer: `info` of the object, or exchange.last_http_response after the call"
LISTS = ("positions", "orders")
PORTFOLIO_KEYS = ("account", "collateral", "positions")
CCXT_KEYS = (
    ("free", "used", "total"),
    ("symbol", "contracts", "contractSize"),
    ("symbol", "remaining", "clientOrderId"),
)
"""Keys that ccxt's own balances, positions and orders have, and no venue's."""


class AnswerFile(Struct, frozen=True):
    """A file given: its name, without folders where it is shown, its bytes; where it was asked for its form and whose.

    ``account``: the one of several that was asked for.
    """

    name: str
    data: bytes
    form: str = ""
    account: str = ""


class Sighting(Struct, frozen=True):
    """A file that holds JSON and no error: its forms by shape, and those that an empty list may be.

    ``asked``: the form that was asked for, ``account``: whose, where it was.
    """

    file: str
    content: Content
    root: AnswerRow
    forms: tuple[Recognized, ...]
    empty: tuple[Recognized, ...]
    asked: str = ""
    account: str = ""

    def venues(self) -> set[str]:
        """The venues that give such an answer."""
        return {one.venue for one in self.forms}

    def own_venues(self) -> set[str]:
        """The venues in whose own map its form is."""
        return {one.venue for one in self.forms if is_own(one.venue, one.form.name)}

    def problem(self, message: str, help: str = WHOLE) -> Problem:
        """A problem of the whole answer."""
        return self.content.problem((), message, help)


def read_answers(
    files: Sequence[AnswerFile], venue: str | None = None
) -> tuple[tuple[VenueAnswer, ...], list[Problem]]:
    """The answers of one account, in the order given; with a problem of any file there may be fewer.

    ``venue`` is a rule set's name: None = the files say it themselves, and all must be of one venue.
    """
    sightings: list[Sighting] = []
    problems: list[Problem] = []
    for file in files:
        seen, found = sighting(file, venue)
        sightings += [seen] if seen is not None else []
        problems += found
    chosen, found = _venue(sightings, venue) if sightings else (venue, [])
    if problems or found or chosen is None:
        return (), problems + found
    return _read(sightings, chosen)


def sighting(file: AnswerFile, venue: str | None = None) -> tuple[Sighting | None, list[Problem]]:
    """What a file looks like; None with what is wrong: no JSON, an error of the venue, nothing at all."""
    content, problems = content_of(file.data, file.name)
    if content is None:
        return None, problems
    refused = refusal(content.value)
    if refused is not None:
        return None, [_refused(content, refused, venue)]
    if content.value in (None, {}):
        return None, [content.problem((), f"the answer is empty: {emptiness(content.value)}", REASONS["no-account"])]
    value = _undone(content.value)
    root = AnswerRow(value, (), value)
    strong: list[Recognized] = []
    empty: list[Recognized] = []
    at: dict[Path, list[AnswerRow] | None] = {}
    for name in bundled_maps():
        for own, form in forms_of(name):
            rows = _rows(root, form, at)
            if rows is not None:
                (strong if rows else empty).append(Recognized(name, own, form, rows))
    return Sighting(file.name, content, root, tuple(strong), tuple(empty), file.form, file.account), []


def _rows(root: AnswerRow, form: AnswerForm, at: dict[Path, list[AnswerRow] | None]) -> list[AnswerRow] | None:
    """The rows of a form in an answer, none where its list is empty; None where the answer is of another form.

    ``at``: the rows of paths that were looked at before.
    """
    is_empty = False
    for path in form.rows:
        if path not in at:
            at[path] = rows_at(root, path)
        rows = at[path]
        if rows and any(_is_of(row, form) for row in rows):
            return rows
        is_empty = is_empty or (rows == [] and "*" not in path.keys)
    return [] if is_empty else None


def _is_of(row: AnswerRow, form: AnswerForm) -> bool:
    return all(has(row, path) for path in form.has) and not any(has(row, path) for path in form.lacks)


def _undone(value: Value) -> Value:
    """The venue's own answer out of an object of ccxt, or out of a list of them."""
    inner = value.get("info") if isinstance(value, dict) else None
    if isinstance(inner, (dict, list)):
        return inner
    if isinstance(value, list) and value and all(isinstance(one, dict) and "info" in one for one in value):
        return [one["info"] for one in value]
    return value


def _refused(content: Content, refused: AnswerRefusal, venue: str | None) -> Problem:
    """The error that a venue sent, and what to do, by the reasons of its map."""
    named = {
        name: reason
        for name in ([venue] if venue in bundled_maps() else bundled_maps())
        if (reason := _reason(name, refused))
    }
    reasons = set(named.values())
    advice = REASONS[reasons.pop()] if len(reasons) == 1 else AGAIN
    who = venue or (next(iter(named)) if len(named) == 1 else None)
    message = f"{who} refused: {refused.shown}" if who else f"the answer is an error: {refused.shown}"
    return content.problem((), message, advice)


def _reason(name: str, refused: AnswerRefusal) -> str:
    for reason, signs in bundled_maps()[name].errors.items():
        if refused.code in signs or any(" " in sign and sign in refused.words for sign in signs):
            return reason
    return ""


def _venue(sightings: Sequence[Sighting], named: str | None) -> tuple[str | None, list[Problem]]:
    """The venue whose answers all files are; None with a problem where there is none, or more than one."""
    if named is not None:
        return named, []
    sure = [one for one in sightings if one.forms]
    strange = [one for one in sightings if not one.forms and not one.empty]
    if strange:
        return None, [unknown(one, None) for one in strange]
    if not sure:
        return None, [_nothing(one) for one in sightings]
    common = set.intersection(*(one.venues() for one in sure))
    own = {venue for venue in common if any(venue in one.own_venues() for one in sure)}
    if len(own) == 1:
        return own.pop(), []
    if own:
        names = ", ".join(sorted(own))
        return None, [
            sure[0].problem(f"answers of this shape come from {names}", "name the venue in front of the files")
        ]
    kinds = "; ".join(f"{one.file}: {_shown(one.forms)}" for one in sure)
    return None, [sure[0].problem(f"the files are of several venues: {kinds}", "one run makes one account")]


def _shown(forms: Iterable[Recognized]) -> str:
    return " or ".join(dict.fromkeys(one.shown for one in forms))


def _nothing(seen: Sighting) -> Problem:
    venues = ", ".join(sorted({one.venue for one in seen.empty}))
    return seen.problem(f"the answer is empty: {emptiness(seen.root.value)}", NOTHING.format(venues))


def _read(sightings: Sequence[Sighting], venue: str) -> tuple[tuple[VenueAnswer, ...], list[Problem]]:
    """The answers for one venue. An empty list is one of its lists where a wallet answer is in the run."""
    chosen = [(one, _form(one, venue)) for one in sightings]
    has_wallet = any(form is not None and form.holds("collateral") for _, form in chosen)
    held = {part for _, form in chosen if form is not None for part in LISTS if form.holds(part)}
    found: list[VenueAnswer] = []
    problems: list[Problem] = []
    for seen, fitting in chosen:
        form = fitting or (_empty_form(seen, venue, held) if has_wallet and not seen.forms else None)
        if form is None:
            problems.append(_misfit(seen, venue))
            continue
        held |= {part for part in LISTS if form.holds(part)}
        try:
            found += answers(form, seen.file, seen.account)
        except MisfitError as error:
            problems.append(seen.content.problem(error.trail, f"{form.shown}: {error.message}", error.help))
    return (() if problems else tuple(found)), problems


def of_account(found: Sequence[VenueAnswer], account: str = "") -> tuple[tuple[VenueAnswer, ...], list[Problem]]:
    """The answers about one of the accounts that they are of; none with a problem where nobody says which.

    Accounts that hold nothing are none, unless all are.
    """
    whose = list(dict.fromkeys(one.who for one in found if one.who is not None))
    held = [name for name in whose if any(one.who == name and not one.is_empty for one in found)]
    names = whose if account or not held else held
    if account and account not in names:
        known = f"it is {' or '.join(map(echo, names))}" if names else "they are of one account alone"
        return (), [_told(found, f"--account {echo(account)} is none of those in the answers: {known}", "name another")]
    if not account and len(held) > 1:
        advice = f"one run makes one account: --account {held[0]} takes that one"
        return (), [_told(found, f"the answers are of {len(held)} accounts: {', '.join(map(echo, held))}", advice)]
    chosen = account or next(iter(names), None)
    return tuple(one for one in found if one.who in (None, chosen)), []


def _told(found: Sequence[VenueAnswer], message: str, help: str) -> Problem:
    """A problem of the first answer that names its account."""
    file = next((one.file for one in found if one.who is not None), found[0].file)
    return Problem(Location(file), "MC028", message, help)


def _form(seen: Sighting, venue: str) -> Recognized | None:
    """The form of a venue that an answer has, the one with the most keys where several fit."""
    fitting = [one for one in seen.forms if one.venue == venue]
    return max(fitting, key=lambda one: len(one.form.has), default=None)


def _empty_form(seen: Sighting, venue: str, held: set[str]) -> Recognized | None:
    """What an empty list is of: positions where no other file has them, else orders, else anything."""
    fitting = [one for one in seen.empty if one.venue == venue and not one.holds("collateral")]
    wanted = [part for part in LISTS if part not in held]
    found = next((one for one in fitting if one.form.name == seen.asked), None)
    found = found or next((one for part in wanted for one in fitting if one.holds(part)), None)
    return found or next(iter(fitting), None)


def _misfit(seen: Sighting, venue: str) -> Problem:
    """Why an answer is none of a venue's."""
    if seen.forms:
        return seen.problem(f"this is {_shown(seen.forms)}, not an answer of {venue}", "name the venue it is from")
    if any(one.venue == venue for one in seen.empty):
        return _nothing(seen)
    return unknown(seen, venue)


def unknown(seen: Sighting, venue: str | None) -> Problem:
    """An answer that no map knows: what it may be else, the nearest form, or the keys found."""
    value = seen.root.value
    if isinstance(value, dict) and (str(value.get("schema")).startswith("marginctl.") or _is_portfolio(value)):
        return seen.problem("this is a file of marginctl, not an answer of a venue", "read it with `marginctl check`")
    if any(_looks_like_ccxt(one) for one in _first_objects(value)):
        return seen.problem(NO_INFO, SAVE_RAW)
    near = _nearest(seen.root, venue)
    if near:
        return seen.problem(near)
    keys = [echo(key) for one in _first_objects(value)[:1] for key in list(one)[:MOST_KEYS]]
    shown = f": its keys are {', '.join(keys)}" if keys else ""
    return seen.problem(f"{NO_FORMAT}{shown}", "name its venue, or save another answer")


def _is_portfolio(value: dict[str, Any]) -> bool:
    return sum(key in value for key in PORTFOLIO_KEYS) > 1 and isinstance(value.get("account", {}), dict)


def _first_objects(value: Value) -> list[dict[str, Any]]:
    """The objects in which an answer's keys stand: the first of its rows, and the rows' envelope."""
    root = AnswerRow(value, (), value)
    rows = [row for keys in (*DATA, ()) for row in (rows_at(root, Path(keys, False, "")) or [])[:1]]
    return [row.value for row in rows if isinstance(row.value, dict) and row.value]


def _looks_like_ccxt(value: dict[str, Any]) -> bool:
    return any(all(key in value for key in keys) for keys in CCXT_KEYS)


def _nearest(root: AnswerRow, venue: str | None) -> str:
    """``... it looks like bybit position, but `positionIM` is missing``; empty where most keys of every form are."""
    best = (Fraction(1, 2), "")
    for name in [venue] if venue in bundled_maps() else bundled_maps():
        for own, form in forms_of(str(name)):
            best = max(best, _nearness(root, own, form), key=lambda one: one[0])
    return best[1]


def _nearness(root: AnswerRow, own: AnswerMap, form: AnswerForm) -> tuple[Fraction, str]:
    """How many of a form's keys the best of an answer's rows has, as a share, and which it lacks."""
    shares: list[tuple[Fraction, str]] = []
    for path in form.rows:
        for row in (rows_at(root, path) or [])[:1]:
            missing = [f"`{one.text}`" for one in form.has if not has(row, one)]
            verb = "is" if len(missing) == 1 else "are"
            extra = [f"`{one.text}`" for one in form.lacks if has(row, one)]
            words = f"{', '.join(missing)} {verb} missing" if missing else f"it has {', '.join(extra)}"
            share = 1 - Fraction(len(missing), len(form.has))
            is_one = not (missing or extra)
            looks = f"{NO_FORMAT}: it looks like {own.venue} {form.name}, but {words}"
            shares.append((share, f"this is {own.venue} {form.name}, which has no tables" if is_one else looks))
    return max(shares, default=(Fraction(0), ""), key=lambda one: one[0])

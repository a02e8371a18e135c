"""The requests of a map in their order: what the key may do, the account, its pages, and what its positions need."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from marginctl.venues.answers.account import VenueAnswer
from marginctl.venues.answers.answer_map import LiveCall
from marginctl.venues.answers.contents import content_of
from marginctl.venues.answers.expressions import AnswerRow
from marginctl.venues.answers.recognition import AnswerFile, read_answers
from marginctl.venues.answers.refusal import emptiness
from marginctl.venues.live.client import Client
from marginctl.venues.live.credentials import LiveError, Masks

MOST_PAGES = 20
READ_ONLY = "use a read-only key bound to your IP"
READING = "read"


class Asked(Struct, frozen=True):
    """The answers of a venue in the order of asking, what a reader must know about them, and what nobody may see."""

    files: tuple[AnswerFile, ...]
    remarks: tuple[str, ...] = ()
    masks: Masks = Masks()


def account(client: Client, which: str = "", *, strict: bool) -> Asked:
    """All answers about one account, ``which`` of several. Raises LiveError.

    ``strict``: a key that may do more than read is refused.
    """
    round_ = _Round(client)
    if client.live.permission is not None and not (client.connection.sandbox or client.connection.demo):
        round_.permission(strict=strict)
    for call in client.live.calls:
        if call.accounts:
            round_.ask_accounts(call, which)
        else:
            round_.ask_each(call, round_.symbols() if call.each else [""])
    return Asked(tuple(round_.files), tuple(round_.remarks), client.masks)


def published(client: Client, contracts: Sequence[str]) -> Asked:
    """The public tables of some contracts, lists without anything left out. Raises LiveError."""
    round_ = _Round(client)
    for call in client.live.tables:
        round_.ask_each(call, contracts if call.each else [""])
    told = [file for file in round_.files if not emptiness(_value(file).value)]
    return Asked(tuple(told), tuple(round_.remarks), client.masks)


class _Round:
    """One round of requests: what was answered so far."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.files: list[AnswerFile] = []
        self.remarks: list[str] = []

    def permission(self, *, strict: bool) -> None:
        """Ask what the key may do. Raises LiveError where it may too much, or nobody says, and ``strict``."""
        part = self.client.live.permission
        if part is None:
            return
        try:
            root = _value(self.client.ask(part.method, {}, "permission.json"))
            may = part.may.of(root)
            said = "what the key may do is not said" if may is None else f"the key may {may}"
        except LiveError as error:
            may, said = None, f"what the key may do is not known: {error.message}"
        if may != READING:
            if strict:
                raise self.client.error(said, READ_ONLY)
            self.remarks.append(self.client.masks.masked(f"{said}: {READ_ONLY}"))

    def symbols(self) -> list[str]:
        """The contracts of all positions so far."""
        rows = (row for file in self.files for one in self._read(file) for row in one.positions)
        return list(dict.fromkeys(row.symbol for row in rows))

    def ask_accounts(self, call: LiveCall, which: str) -> None:
        """One call for the account meant; else for the first, and those that answers list and that hold something."""
        listed = [name for file in self.files for one in self._read(file) for name in one.accounts]
        self.ask_each(call, [""], which)
        for name in dict.fromkeys(() if which else listed):
            before = len(self.files)
            self.ask_each(replace(call, optional=True), [""], name)
            held = [file for file in self.files[before:] if not all(one.is_empty for one in self._read(file))]
            self.files[before:] = held

    def ask_each(self, call: LiveCall, symbols: Iterable[str], account: str = "") -> None:
        """One call for every symbol, once where several need the same. Raises LiveError unless it is optional."""
        requests = [one for symbol in symbols if (one := self._parameters(call, symbol, account)) is not None]
        for parameters in {tuple(one.items()): one for one in requests}.values():
            try:
                self.files += [replace(page, account=account) for page in self._pages(call, parameters)]
            except LiveError as error:
                if not call.optional:
                    raise
                self.remarks.append(f"not answered: {error.message}")

    def _parameters(self, call: LiveCall, symbol: str, account: str) -> dict[str, str] | None:
        """What is sent; None where a word is not given: the call is not for that contract."""
        words = {**self.client.words, "symbol": symbol, "account": account}
        row = AnswerRow(words, (), words)
        filled = {name: text for name, word in call.filled.items() if (text := word.of(row)) is not None}
        added = {name: text for name, word in call.added.items() if (text := word.of(row)) is not None}
        return {**call.parameters, **filled, **added} if filled.keys() == call.filled.keys() else None

    def _pages(self, call: LiveCall, parameters: Mapping[str, str]) -> Iterator[AnswerFile]:
        """An answer and its further pages until one is empty or the last. Raises LiveError."""
        more: dict[str, str] = {}
        for number in range(MOST_PAGES):
            page = self._named(call, self.client.ask(call.method, {**parameters, **more}, call.answer), number)
            yield page
            found = next((one.more for one in self._read(page) if one.more is not None), None)
            if found is None:
                return
            cursor = unquote(found.cursor) if found.encoded else found.cursor
            if more == {found.parameter: cursor}:
                raise self.client.error(f"{call.method}: the same page comes again", "ask again")
            more = {found.parameter: cursor}
        raise self.client.error(f"{call.method}: more than {MOST_PAGES} pages", "save the answers and import the files")

    def _named(self, call: LiveCall, file: AnswerFile, ahead: int) -> AnswerFile:
        """The answer under a name of its own: ``position.json``, ``position_2.json``."""
        number = 1 + ahead + sum(one.form == call.answer for one in self.files)
        return AnswerFile(f"{call.answer}{f'_{number}' if number > 1 else ''}.json", file.data, call.answer)

    def _read(self, file: AnswerFile) -> tuple[VenueAnswer, ...]:
        """What an answer says; nothing where that needs the others, or is wrong and told with them."""
        return read_answers([file], self.client.venue)[0]


def _value(file: AnswerFile) -> AnswerRow:
    content, _ = content_of(file.data, file.name)
    value = None if content is None else content.value
    return AnswerRow(value, (), value)

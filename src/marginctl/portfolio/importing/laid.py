"""``--with FILE.yaml``: a portfolio file whose contracts, prices and settings are laid under an imported one."""

from marginctl.document.nodes import Mapping, Node, Scalar, Sequence
from marginctl.document.reader import read
from marginctl.document.record import bind
from marginctl.document.written import Written, WrittenLine
from marginctl.findings import Problem
from marginctl.portfolio.format import PortfolioFile

TAKEN = ("account", "contracts", "prices", "betas", "limits", "scenarios")
IGNORED = ("$schema", "schema")


def laid_under(data: bytes, name: str) -> tuple[dict[str, Written], list[Problem]]:
    """The sections of a file by name, or what is wrong with it: a mistake, or a section that answers give."""
    source, root, problems = read(data, name)
    if not isinstance(root, Mapping) or problems:
        return {}, problems
    _, problems = bind(root, PortfolioFile, source)
    for key, _ in root.entries:
        if key.text in set(PortfolioFile.layout.by_name) - {*TAKEN, *IGNORED}:
            message, advice = f"`{key.text}` cannot be laid under an import", f"keep {', '.join(TAKEN)}"
            problems.append(source.problem(key, "MC010", message, advice))
    return {key.text: _written(value) for key, value in root.entries if key.text in TAKEN}, problems


def _written(node: Node) -> Written:
    """A node as it is written again: a list's mappings of single values on one line each."""
    if isinstance(node, Mapping):
        return {key.text: _written(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [_row(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else ""


def _row(node: Node) -> Written:
    if isinstance(node, Mapping) and all(isinstance(value, Scalar) for _, value in node.entries):
        return WrittenLine({key.text: value.text for key, value in node.entries if isinstance(value, Scalar)})
    return _written(node)

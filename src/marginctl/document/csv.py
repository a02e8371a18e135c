"""Lines of comma-separated cells: their cells, and where each begins."""


def cells_of(line: str) -> list[str]:
    """Cells without the quotes around them."""
    return [
        cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        for cell in line.removesuffix("\r").split(",")
    ]


def column_of(line: str, number: int) -> int:
    """The character, from 1, at which a cell begins."""
    return 1 + sum(len(cell) + 1 for cell in line.split(",")[:number])

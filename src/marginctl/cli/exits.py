"""Exit codes: a contract with scripts."""

OK = 0
BROKEN_LIMIT = 1
NOT_CHECKED = 2
DEFECT = 70
INTERRUPTED = 130

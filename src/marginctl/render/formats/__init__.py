"""One module a format: a page -> text; for machines, a result -> text."""

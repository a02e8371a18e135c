"""One module a result: what is shown and in which order, as a page that any format draws."""

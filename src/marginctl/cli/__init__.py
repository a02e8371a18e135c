"""The Typer commands: the only place that opens files, prints and exits."""

"""The analyses: text -> result, each a function; files, flags and exit codes are the command line's."""

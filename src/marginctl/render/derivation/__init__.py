"""The derivation of a figure as text (``tree``) and as JSON (``document``); ``formula`` writes the expressions."""

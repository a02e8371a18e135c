"""Limits: what a risk team allows, measured on a report. Rules have opinions; the engine applies them."""

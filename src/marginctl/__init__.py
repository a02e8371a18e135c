"""Exact margin of cross-collateralised crypto-futures accounts."""

__version__ = "0.1.0"

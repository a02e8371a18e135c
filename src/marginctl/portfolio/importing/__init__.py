"""Answers of a venue about one account -> the portfolio file that they mean."""

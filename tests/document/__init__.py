"""Tests of reading what a user wrote."""

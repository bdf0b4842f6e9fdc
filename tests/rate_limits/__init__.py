"""Tests of the stores of rate limits."""

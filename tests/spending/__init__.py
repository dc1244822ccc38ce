"""Tests of what the figures mean: roll-ups, categories, transfers, readings and pages."""

"""Tests of what `make run` and the tests themselves stand on."""

"""Stripe's HTTP: every request in, through keys, faults and parameter checks, to its operation and back out."""

"""Booking's rules; no input or output."""

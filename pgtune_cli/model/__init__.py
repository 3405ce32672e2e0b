"""Frozen structures without I/O, shared by every room."""

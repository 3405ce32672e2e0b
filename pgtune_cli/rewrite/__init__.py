"""Rewriters, one a file: statement -> edits of its own text, with conditions, and the proof of equal rows."""

"""pgtune: analyses the queries of a PostgreSQL database."""

__version__ = "0.1.0"

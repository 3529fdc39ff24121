"""Wirecopy: news articles as they are scraped, annotated, validated, released and scored."""

__version__ = "0.1.0"

"""Queries: documents, and the filters, facets, boosts and sort criteria in them."""

"""Endpoint manager: methods for activity managers and monitors of collections."""

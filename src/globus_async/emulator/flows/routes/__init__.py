"""The operations of Flows."""

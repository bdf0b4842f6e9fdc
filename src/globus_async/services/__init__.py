"""The services: one package each, beside one another; none knows another, and the core knows none."""

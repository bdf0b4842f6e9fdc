"""A deterministic simulation of processes that share a login through a token storage: no sockets, no real time."""

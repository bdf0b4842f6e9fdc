"""How fast we are, beside httpx, aiohttp and the official SDK; run by ``nox -s bench``."""

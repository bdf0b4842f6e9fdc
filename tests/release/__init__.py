"""The checks of a release: ``nox -s build`` runs them, and a test those that need no new environment."""

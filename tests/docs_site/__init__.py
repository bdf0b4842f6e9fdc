"""The checks of the built documentation: ``nox -s docs`` runs them."""

"""Methods for managers of endpoints: their tasks, and the actions on them."""

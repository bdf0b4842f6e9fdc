"""A small research data portal: log in, browse, pick files, transfer them, watch and cancel transfers, log out."""

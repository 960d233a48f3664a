"""A job run that is kept: identified, computed under supervision, published, written down."""

"""The Jupyter Server extension: authenticates, adds the identity, and passes requests to the service."""

"""Hand notebooks, scripts and commands from Jupyter to a queue, and watch them to their end."""

__version__ = "0.1.0.dev0"

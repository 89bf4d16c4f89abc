"""One small process per task; see ``start`` and ``watch``. Standard library alone."""

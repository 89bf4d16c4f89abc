"""Live views of jobs in a notebook, made of core ipywidgets."""

from .display import close_views
from .formatter import register, unregister
from .job import JobView
from .jobs import JobsView, view

__all__ = ["JobView", "JobsView", "close_views", "register", "unregister", "view"]

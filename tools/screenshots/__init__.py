"""Pictures of every view of the panel, of a real JupyterLab with real jobs (``make screenshots``)."""

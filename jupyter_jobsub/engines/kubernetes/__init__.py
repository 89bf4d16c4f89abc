"""Tasks as Pods of a Kubernetes cluster."""

"""The one loop that moves jobs: intents + observations + scheduling → launch, halt, purge."""

from .dispatcher import Dispatcher as Dispatcher

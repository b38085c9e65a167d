"""What the box says: phrases as data, rendered to A-law clips, put together into sentences."""

from ivr.prompts.catalogue import Catalogue, Phrases, PromptsMissing
from ivr.prompts.language import available, load

__all__ = ["Catalogue", "Phrases", "PromptsMissing", "available", "load"]

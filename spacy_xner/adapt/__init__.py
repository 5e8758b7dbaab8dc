"""From a pipeline that somebody trusts in one language to one for others."""

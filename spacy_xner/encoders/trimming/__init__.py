"""Removing the word pieces that given texts and languages do not need: `xner encoder trim`."""

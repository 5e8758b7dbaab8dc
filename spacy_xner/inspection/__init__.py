"""Statistics and checks of corpora, and the layout of a labelled corpus folder."""

"""Text from outside, such as names and sentences, in Markdown."""

MARKS = "|*_`<["


def escape_markdown(text: str) -> str:
    """Escape a text for Markdown, also for a cell of a table, on one line."""
    text = " ".join(text.split()).replace("\\", "\\\\")
    for mark in MARKS:
        text = text.replace(mark, f"\\{mark}")
    return text

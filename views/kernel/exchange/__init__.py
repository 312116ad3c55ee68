"""Data out and in: workbooks, their cells and their headings."""

"""Printed forms: declared once with their fields and usual words; administrators change the words for their part of the tree.

- `form.py`: the declaration (`PrintForm`) and what is put into it: plain values, tables, pictures.
- `template.py`: the words administrators wrote (`print_template`), and which hold at a place.
- `sheet.py`: a form filled in, ready to be drawn.
"""

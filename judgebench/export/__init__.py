"""What a run holds, written for other programs: tables, and the files of other evaluation tools.

``table.py`` names the formats. A format is a function that writes chosen items; a new one is a module and a line there.
"""

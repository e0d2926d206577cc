"""``jb view``: runs seen in a browser on this machine; everything in a run folder is hostile text here.

``server.py`` joins the pages; ``guard.py`` decides who is answered at all; ``library.py`` says which runs there are. A
page is one module: what it shows is gathered there and arranged by a template of the same name. ``rendering.py`` is
the only place where text of a run becomes HTML, and ``plots.py`` where a number becomes a drawing.
"""

"""How the documentation is built: `make docs` runs `docs/build_pages.py`, which runs Sphinx once for each language."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from zhipu_magic import __version__  # noqa: E402  # whose reference needs what is in _ext

project = "zhipu_magic"
author = "the zhipu_magic authors"
copyright = "2026, the zhipu_magic authors. BSD-3-Clause"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "reference", "notebook_pages", "gallery"]
exclude_patterns = ["_build", "locale", "_ext", "_templates", "gallery.*.md"]
templates_path = ["_templates"]
default_role = "code"  # docstrings have their code between single backticks, as Markdown has

# Languages. `-D language=zh_CN` builds in Chinese.
language = "en"
locale_dirs = ["locale"]
gettext_compact = False  # a catalogue for each page
gettext_uuid = False
figure_language_filename = "{path}../{language}/{basename}{ext}"  # of docs/pictures
gettext_location = False  # lines move with every change

# Strict: `build_pages.py` makes each warning an error, and looks for what no link may lead to.
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures, most of them inner ones or other projects'
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4  # links to headings, as GitHub has them

# Notebooks are shown with the outputs that they were saved with. They are not executed here: `make test` runs each of
# them with nbval, which compares every output, and `make notebooks` records them.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "gfm"  # replies have tables
nb_render_error_lexer = "text"  # most errors are sentences, in either language, and no tracebacks

# Python
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_inherit_docstrings = False
add_module_names = False
python_maximum_signature_line_length = 88

smartquotes = False  # which would make a dash of the two before an option

# Pages
html_theme = "furo"
html_title = "zhipu_magic"
pygments_dark_style = "github-dark"  # the theme's own underlines what is imported
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["search-words.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": ["edit"]}  # whose place the language switch takes: see _templates

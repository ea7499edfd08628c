"""The page: cells, commands and completion in, replies shown. Alone knows IPython."""

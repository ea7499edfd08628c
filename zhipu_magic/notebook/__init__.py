"""The page: cells, commands and completion in, replies shown. Only this package uses IPython."""

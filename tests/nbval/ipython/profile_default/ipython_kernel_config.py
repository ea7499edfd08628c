# nbval sees only the first frame of an output: show each reply once, when it is whole.
c = get_config()  # noqa: F821  # IPython gives it to its config files
c.GLMMagics.stream = False

"""How a table is asked over: `clients` runs in a process of its own, everything else drives and measures it."""

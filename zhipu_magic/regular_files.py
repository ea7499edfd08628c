"""The one room that opens journals, images and exports: regular files in real folders, and no link is followed."""

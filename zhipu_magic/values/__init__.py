"""Python values for a model: references, rendering, images, tools and types."""

"""The GLM service: address, key, wire, errors, models and prices. Alone knows HTTP and the SDK."""

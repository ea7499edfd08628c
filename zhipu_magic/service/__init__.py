"""The GLM service: address, key, protocol, errors, models and prices. Only this package uses HTTP and the SDK."""

"""Documents that go with a prompt: who reads them, and what is kept of that."""

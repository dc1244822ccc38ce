"""The API's routes: each loads, calls one verb or reading, and says what came of it."""

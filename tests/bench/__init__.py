"""What a purchase costs beside a stored procedure: `python -m tests.bench`, never a test."""

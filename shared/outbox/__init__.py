"""Events on their way out: a row in the transaction that makes them true, then the stream, exactly once."""

"""Events on their way in: each handled once, in the transaction that marks it, or set aside for ops."""

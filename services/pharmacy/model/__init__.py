"""The rules of prescriptions on their way; nothing here reads or writes anything."""

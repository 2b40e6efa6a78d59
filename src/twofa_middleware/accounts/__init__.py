"""What can happen to an account: flows that ask the store. The order of their questions is the security."""

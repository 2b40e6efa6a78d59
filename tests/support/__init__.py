"""What several suites use; written once here and imported as ``support``."""

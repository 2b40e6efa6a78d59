"""The Django adapter: an entry of ``MIDDLEWARE`` that translates, drives the gate, and passes on. It decides nothing."""

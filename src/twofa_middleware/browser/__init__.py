"""What is kept in a browser, and what is believed of one."""

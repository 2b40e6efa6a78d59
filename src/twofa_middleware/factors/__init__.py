"""How somebody proves who they are: pure functions, one module a factor. They keep nothing and read no clock."""

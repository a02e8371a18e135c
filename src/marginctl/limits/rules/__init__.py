"""One rule per module; the docstring of a module is the rule's manual. ``limits.registry`` lists them."""

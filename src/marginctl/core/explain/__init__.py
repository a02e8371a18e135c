"""How one figure of a report came about: the formula, the numbers put in, the rows of the tables, down to the inputs.

``node`` has the expressions and their arithmetic, ``solution`` and ``decision`` the nodes that solve and decide;
``prices``, ``margins``, ``holdings``, ``orders``, ``requirement``, ``pools``, ``crossings``, ``positions``, ``rows``,
``totals`` and ``funding`` build the trees; ``figures`` finds the one of a path.
"""

"""What venues publish about margins, as data: one rule file per product in ``data/``, and the code that reads them.

``loader`` finds and reads a rule file, ``binding`` checks the ``rule_set.RuleSet`` that it is, ``table`` and ``tiers``
read contract tables. No module here knows a venue by name: what differs between venues is in their files.
"""

"""What a user wrote: bytes -> text -> nodes that know their place -> records of typed keys.

``reader`` turns YAML or JSON bytes into ``nodes``, ``record`` binds nodes to the keys of a class, ``edit`` changes a
value before binding. Nothing here opens files, prints or knows margin rules; what is wrong is a ``findings.Problem``.
"""

"""What a user wrote: bytes -> text -> nodes that know their place -> drafts checked against a shape.

``reader`` turns YAML or JSON bytes into ``nodes``, ``shape`` binds nodes to named fields, ``edit`` changes a value
before binding. Nothing here opens files, prints or knows margin rules; everything wrong is a ``findings.Problem``.
"""

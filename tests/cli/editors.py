"""Documents as a JSON Schema validator is given them: all texts, or typed as an editor's YAML 1.2 reader types them."""

import re
from typing import Any, ClassVar

import yaml


class Core(yaml.SafeLoader):
    """The core schema of YAML 1.2: no dates, no ``NO`` = false, no octal or sexagesimal numbers."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
Core.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-+0123456789")
)
Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])


def as_texts(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)


def as_editors_see_it(text: str) -> Any:
    return yaml.load(text, Loader=Core)

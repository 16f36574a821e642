"""Write what this repository and the other services use as a bill of materials in CycloneDX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gatepost import __version__
from gatepost.checks._fleet import Stock, Use
from gatepost.errors import UsageError
from gatepost.model import printable

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

LONGEST = 200
_NAMESPACED = frozenset(("npm", "golang", "composer", "githubactions", "docker", "terraform", "swift"))
_TYPES = {"githubactions": "github"}


def write(own: Stock, stocks: Sequence[Stock]) -> str:
    """Give the bill of materials as JSON of CycloneDX 1.6; services that are hidden are left out."""
    try:
        from cyclonedx.output.json import JsonV1Dot6
    except ModuleNotFoundError:
        raise UsageError("CycloneDX needs its library", "pip install gatepost[cyclonedx]") from None
    return str(JsonV1Dot6(_bom(own, [stock for stock in stocks if not stock.hidden])).output_as_string(indent=2)) + "\n"


def _bom(own: Stock, stocks: Iterable[Stock]) -> Bom:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import Tool

    bom, known = Bom(), dict[tuple[str, str, str], Component]()
    bom.metadata.tools.tools.add(Tool(name="gatepost", version=__version__))
    bom.metadata.component = Component(name=_text(own.service), type=ComponentType.APPLICATION, bom_ref="repository")
    bom.register_dependency(bom.metadata.component, _used(own, known))
    for number, stock in enumerate(stocks):
        service = Component(name=_text(stock.service), type=ComponentType.APPLICATION, bom_ref=f"service:{number}")
        bom.components.add(service)
        bom.register_dependency(service, _used(stock, known))
    bom.components.update(known.values())
    for component in known.values():
        bom.register_dependency(component)
    return bom


def _used(stock: Stock, known: dict[tuple[str, str, str], Component]) -> list[Component]:
    found = []
    for use in stock.uses:
        for version in use.versions or ("",):
            key = (use.ecosystem, use.name, version)
            if key not in known:
                known[key] = _component(use, version, len(known))
            found.append(known[key])
    return found


def _component(use: Use, version: str, number: int) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    kind = ComponentType.CONTAINER if use.ecosystem == "docker" else ComponentType.LIBRARY
    url, name = _purl(use.ecosystem, use.name, version), _text(use.name)
    return Component(name=name, version=_text(version) or None, type=kind, purl=url, bom_ref=f"package:{number}")


def _purl(ecosystem: str, name: str, version: str) -> PackageURL | None:
    """Give the package URL; None for a name that can have none."""
    from packageurl import PackageURL

    group, _, bare = name.rpartition("/") if ecosystem in _NAMESPACED else name.rpartition(":")
    if not bare or bare != _text(bare) or not version.isprintable():
        return None
    try:
        return PackageURL(_TYPES.get(ecosystem, ecosystem), group or None, bare, version or None)
    except ValueError:
        return None


def _text(text: str) -> str:
    return printable(text, LONGEST)

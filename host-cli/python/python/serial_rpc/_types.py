"""Makes Python classes of a device's types: dataclasses of structs, enums of enums.

A `Form` is how values of a type look in Python, and the function that makes them of the plain
objects (dicts, text, numbers) that the compiled half returns. The way back needs no function: the
compiled half takes the objects of these classes.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import keyword
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

Lift = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class Form:
    """How values of a type look in Python."""

    #: The type as it is written in a signature.
    annotation: str
    #: Makes a value of a plain object; None if it is one.
    lift: Lift | None = None


@dataclasses.dataclass(frozen=True)
class Some:
    """A value in an option around something that may itself be None, such as `Option<Option<u8>>`."""

    value: Any
    __variant__ = "Some"

    @property
    def __content__(self) -> Any:
        return self.value


def python_name(name: str) -> str:
    """Returns the name as an identifier: with an underscore behind it if it is a keyword of Python."""
    if not name.isidentifier():
        name = "x_" + re.sub(r"[^0-9A-Za-z_]", "_", name)
    return f"{name}_" if keyword.iskeyword(name) else name


def shown(text: str) -> str:
    """Returns text of a device that a terminal may show: what commands or hides is there by its number."""
    kept = (char if char.isprintable() or char in "\n\t" else f"\\u{{{ord(char):x}}}" for char in text)
    return "".join(kept)


def class_name(name: str) -> str:
    """Returns the name of the class for a type, which has no parameters: `Result` for `Result<T, E>`."""
    plain = re.sub(r"[^0-9A-Za-z_].*", "", name)
    return python_name(plain) if plain.isidentifier() else "Value"


_PLAIN = {
    "bool": "bool",
    "f32": "float",
    "f64": "float",
    "char": "str",
    "string": "str",
    "bytes": "bytes",
    "unit": "None",
}


class Types:
    """The classes of one device's types, each made once."""

    def __init__(self) -> None:
        self._forms: dict[str, Form] = {}
        #: The classes by their names, as attributes.
        self.classes = SimpleNamespace()
        #: The same as they are written in a stub, each after those that it needs.
        self.written: list[str] = []

    def form(self, ty: Mapping[str, Any]) -> Form:
        """Returns the form of a type, as a description has it."""
        key = json.dumps(ty, sort_keys=True)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._make(ty)
        return form

    def _make(self, ty: Mapping[str, Any]) -> Form:
        shape = ty["shape"]
        if isinstance(shape, str):
            if shape == "unit_struct":
                return self._unit_struct(ty)
            return Form(_PLAIN.get(shape, "Any"))
        ((kind, content),) = shape.items()
        match kind:
            case "integer":
                return Form("int")
            case "option":
                return self._option(content)
            case "newtype":
                return self.form(content)
            case "seq":
                return self._list(content)
            case "tuple" | "tuple_struct":
                return self._tuple(content)
            case "map":
                return self._map(content)
            case "struct":
                return self._struct(ty, content)
            case "enum":
                return self._enum(ty, content)
            case _:
                return Form("Any")

    def _option(self, inner: Mapping[str, Any]) -> Form:
        form = self.form(inner)
        lift = form.lift
        if _is_nullable(inner):

            def lift_some(value: Any) -> Any:
                if value is None:
                    return None
                content = value["Some"]
                return Some(lift(content) if lift else content)

            return Form(f"Some[{form.annotation}] | None", lift_some)
        annotation = f"{form.annotation} | None"
        if lift is None:
            return Form(annotation)
        return Form(annotation, lambda value: None if value is None else lift(value))

    def _list(self, element: Mapping[str, Any]) -> Form:
        form = self.form(element)
        lift = form.lift
        annotation = f"list[{form.annotation}]"
        if lift is None:
            return Form(annotation)
        return Form(annotation, lambda values: [lift(value) for value in values])

    def _tuple(self, elements: list[Mapping[str, Any]]) -> Form:
        forms = [self.form(element) for element in elements]
        inside = ", ".join(form.annotation for form in forms) or "()"
        annotation = f"tuple[{inside}]"
        if all(form.lift is None for form in forms):
            return Form(annotation)
        return Form(
            annotation,
            lambda values: tuple(
                form.lift(value) if form.lift else value
                for form, value in zip(forms, values, strict=True)
            ),
        )

    def _map(self, content: Mapping[str, Any]) -> Form:
        key, value = self.form(content["key"]), self.form(content["value"])

        def entry(pair: tuple[Any, Any]) -> tuple[Any, Any]:
            name, data = pair
            return (key.lift(name) if key.lift else name, value.lift(data) if value.lift else data)

        def lift(entries: Any) -> Any:
            if isinstance(entries, dict):
                return {name: data for name, data in map(entry, entries.items())}
            pairs = [entry(pair) for pair in entries]
            try:
                return dict(pairs)
            except TypeError:
                return pairs  # a list cannot be the key of a dict

        return Form(f"dict[{key.annotation}, {value.annotation}]", lift)

    def _struct(self, ty: Mapping[str, Any], fields: list[Mapping[str, Any]]) -> Form:
        name = self._free_name(ty["name"])
        made, lift = self._dataclass(name, shown(ty.get("doc", "")), fields)
        self._add(made)
        return Form(made.__name__, lift)

    def _dataclass(
        self, name: str, doc: str, fields: list[Mapping[str, Any]], base: str = "", **more: Any
    ) -> tuple[type, Lift]:
        """Makes a dataclass, and the function that makes an object of a dict."""
        forms = [
            (field["name"], python_name(field["name"]), self.form(field["type"])) for field in fields
        ]
        made = dataclasses.make_dataclass(
            name,
            [(attribute, form.annotation) for _, attribute, form in forms],
            frozen=True,
            namespace=more,
        )
        lines = [doc, *(shown(f"{field['name']}: {field['doc']}") for field in fields if field.get("doc"))]
        made.__doc__ = "\n".join(line for line in lines if line) or None
        made.__module__ = "serial_rpc.types"
        attributes = [f"    {attribute}: {form.annotation}" for _, attribute, form in forms]
        written = f"{base}_{name}" if base else name
        bases = f"({base})" if base else ""
        self.written.append(
            "\n".join(
                ["@dataclasses.dataclass(frozen=True)", f"class {written}{bases}:", *(attributes or ["    ..."])]
            )
        )

        def lift(values: Any) -> Any:
            return made(
                **{
                    attribute: form.lift(values[name]) if form.lift else values[name]
                    for name, attribute, form in forms
                }
            )

        return made, lift

    def _unit_struct(self, ty: Mapping[str, Any]) -> Form:
        made, lift = self._dataclass(self._free_name(ty["name"]), shown(ty.get("doc", "")), [])
        self._add(made)
        return Form(made.__name__, lift)

    def _enum(self, ty: Mapping[str, Any], variants: list[Mapping[str, Any]]) -> Form:
        if all(variant.get("content") is None for variant in variants):
            return self._unit_enum(ty, variants)
        name = self._free_name(ty["name"])
        base = type(name, (), {"__doc__": shown(ty.get("doc", "")) or None, "__module__": "serial_rpc.types"})
        self._add(base)
        names = [python_name(variant["name"]) for variant in variants]
        members = [f"    {member}: ClassVar[type[{name}_{member}]]" for member in names]
        self.written.append("\n".join([f"class {name}:", *members]))
        lifts: dict[str, Lift] = {}
        for variant in variants:
            made, lift = self._variant(base, variant)
            setattr(base, python_name(variant["name"]), made)
            lifts[variant["name"]] = lift

        def lift_variant(value: Any) -> Any:
            if isinstance(value, str):
                return lifts[value]({})
            ((name, content),) = value.items()
            return lifts[name](content)

        return Form(name, lift_variant)

    def _variant(self, base: type, variant: Mapping[str, Any]) -> tuple[type, Lift]:
        """Makes the class of a variant that stands in an enum some of whose variants hold values."""
        name, content = variant["name"], variant.get("content")
        fields, unpack, pack = _parts(content)
        more: dict[str, Any] = {"__variant__": name}
        attributes = [python_name(field["name"]) for field in fields]
        if content is not None:

            def plain(self: Any) -> Any:
                return pack([getattr(self, attribute) for attribute in attributes])

            more["__content__"] = property(plain)
        doc = shown(variant.get("doc", ""))
        data, lift = self._dataclass(python_name(name), doc, fields, base.__name__, **more)
        made = type(data.__name__, (data, base), {"__doc__": data.__doc__})
        made.__module__ = data.__module__
        made.__qualname__ = f"{base.__name__}.{name}"

        def lift_variant(value: Any) -> Any:
            return made(**vars(lift(unpack(value))))

        return made, lift_variant

    def _unit_enum(self, ty: Mapping[str, Any], variants: list[Mapping[str, Any]]) -> Form:
        names = [variant["name"] for variant in variants]
        made = enum.Enum(  # type: ignore[misc]
            self._free_name(ty["name"]),
            [(python_name(name), name) for name in names],
            module="serial_rpc.types",
        )
        lines = [shown(ty.get("doc", ""))]
        lines += [shown(f"{variant['name']}: {variant['doc']}") for variant in variants if variant.get("doc")]
        made.__doc__ = "\n".join(line for line in lines if line) or None
        self._add(made)
        members = [f"    {python_name(name)} = {name!r}" for name in names]
        self.written.append("\n".join([f"class {made.__name__}(enum.Enum):", *members]))
        return Form(made.__name__, made)

    def _free_name(self, name: str) -> str:
        """Returns the name, with a number behind it if another type has it already."""
        name = class_name(name)
        free, number = name, 1
        while hasattr(self.classes, free):
            number += 1
            free = f"{name}{number}"
        return free

    def _add(self, made: type) -> None:
        setattr(self.classes, made.__name__, made)


Pack = Callable[[list[Any]], Any]


def _parts(content: Mapping[str, Any] | None) -> tuple[list[Mapping[str, Any]], Lift, Pack]:
    """Returns the fields of a variant, and the functions between their values and its plain content."""
    if content is None:
        return [], lambda _: {}, lambda _: None
    shape = content["shape"]
    if content["name"] == "" and isinstance(shape, dict):
        if "struct" in shape:
            fields = shape["struct"]
            names = [field["name"] for field in fields]
            return fields, lambda value: value, lambda parts: dict(zip(names, parts, strict=True))
        if "tuple" in shape:
            names = [f"_{index}" for index in range(len(shape["tuple"]))]
            fields = [{"name": name, "type": ty} for name, ty in zip(names, shape["tuple"], strict=True)]
            return fields, lambda value: dict(zip(names, value, strict=True)), list
    fields = [{"name": "value", "type": content}]
    return fields, lambda value: {"value": value}, lambda parts: parts[0]


def _is_nullable(ty: Mapping[str, Any]) -> bool:
    """Returns true if None is one of its values, so that an option around it needs a `Some`."""
    shape = ty["shape"]
    if isinstance(shape, str):
        return shape in ("unit", "unit_struct")
    if "newtype" in shape:
        return _is_nullable(shape["newtype"])
    return "option" in shape

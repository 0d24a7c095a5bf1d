// Reads the types that a description has as JSON Schema.

const INTEGERS = new Map(
  [8n, 16n, 32n, 64n, 128n].flatMap((bits) => [
    [`i${bits}`, [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]],
    [`u${bits}`, [0n, (1n << bits) - 1n]],
  ]),
);

/**
 * Returns the type that a schema describes: its kind, its name, its doc, and what the kind needs. What
 * no kind fits is "json".
 */
export function typeOf(given, root) {
  const schema = resolved(given, root);
  const inner = (part) => typeOf(part, root);
  const common = { name: schema.title ?? "", doc: schema.description ?? "" };
  const kinds = [].concat(schema.type ?? []);
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    const found = union(options.map((option) => resolved(option, root)), inner);
    return { ...common, ...found, name: schema.title ?? found.name ?? "" };
  }
  if (schema.const !== undefined || schema.enum) {
    return { ...common, ...union([schema], inner) };
  }
  if (kinds.includes("integer")) {
    return { ...common, ...integer(schema) };
  }
  if (kinds.includes("number")) {
    return { ...common, kind: "float", isSingle: schema.format === "float", name: schema.title ?? "number" };
  }
  if (kinds.length === 2 && kinds.includes("null")) {
    const [type] = kinds.filter((kind) => kind !== "null");
    return { ...common, kind: "option", inner: inner({ ...schema, type }) };
  }
  switch (kinds[0]) {
    case "boolean":
      return { ...common, kind: "boolean", name: schema.title ?? "bool" };
    case "null":
      return { ...common, kind: "unit", name: schema.title ?? "()" };
    case "string":
      return { ...common, ...text(schema) };
    case "array":
      return { ...common, ...array(schema, inner, (part) => resolved(part, root)) };
    case "object":
      return { ...common, ...object(schema, inner) };
    default:
      return { ...common, kind: "json", name: schema.title ?? "JSON" };
  }
}

/** Returns a type as the command line writes it. */
export function notation(type) {
  switch (type.kind) {
    case "option":
      return `${notation(type.inner)}?`;
    case "list":
      return `[${notation(type.element)}]`;
    case "tuple":
      return type.name || `(${type.parts.map(notation).join(", ")})`;
    case "map":
      return `{${notation(type.key)}: ${notation(type.value)}}`;
    default:
      return type.name || type.kind;
  }
}

function resolved(schema, root) {
  let found = schema === true ? {} : schema;
  // A description nests only so deep; one that goes round is none of a device's.
  for (let depth = 0; found.$ref?.startsWith("#/") && depth < 64; depth += 1) {
    const { $ref, ...beside } = found;
    const steps = $ref.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const target = steps.reduce((place, step) => place?.[decodeURIComponent(step)], root);
    found = { ...(target ?? {}), ...beside };
  }
  // A name around another type.
  const { allOf, ...beside } = found;
  return allOf?.length === 1 ? { ...resolved(allOf[0], root), ...beside } : found;
}

function integer(schema) {
  const known = INTEGERS.get(schema.title);
  const [min, max] = known ?? [schema.minimum, schema.maximum].map((bound) => (bound === undefined ? null : BigInt(bound)));
  const named = [...INTEGERS].find(([, range]) => range[0] === min && range[1] === max);
  return { kind: "integer", min, max, name: schema.title ?? named?.[0] ?? "integer" };
}

function text(schema) {
  if (schema.pattern?.includes("0x") || schema.contentEncoding === "base16" || schema.title === "bytes") {
    const most = schema["x-most"] ?? (schema.maxLength === undefined ? undefined : (schema.maxLength - 2) / 2);
    return { kind: "bytes", most, name: "bytes" };
  }
  if (schema.minLength === 1 && schema.maxLength === 1) {
    return { kind: "char", name: schema.title ?? "char" };
  }
  return { kind: "text", most: schema["x-most"] ?? schema.maxLength, name: schema.title ?? "string" };
}

function array(schema, inner, resolve) {
  if (schema.prefixItems) {
    return { kind: "tuple", parts: schema.prefixItems.map(inner) };
  }
  const items = resolve(schema.items ?? {});
  const isFixed = schema.minItems !== undefined && schema.minItems === schema.maxItems;
  if (isFixed) {
    const part = inner(items);
    return { kind: "tuple", parts: Array(schema.minItems).fill(part), name: schema.title ?? `[${notation(part)}; ${schema.minItems}]` };
  }
  return { kind: "list", element: inner(items), most: schema.maxItems };
}

function object(schema, inner) {
  if (schema.properties) {
    const fields = Object.entries(schema.properties);
    return { kind: "struct", fields: fields.map(([name, field]) => ({ name, type: inner(field), doc: field.description ?? "" })) };
  }
  const key = inner({ type: "string", ...schema.propertyNames });
  return { kind: "map", key, value: inner(schema.additionalProperties ?? true) };
}

/** Reads alternatives: an option, a number that need not be finite, or the variants of an enum. */
function union(options, inner) {
  const some = options.filter((option) => option.type !== "null");
  if (some.length < options.length) {
    return { kind: "option", inner: inner(some.length === 1 ? some[0] : { oneOf: some }) };
  }
  const number = options.find((option) => option.type === "number" || option.type === "integer");
  if (number?.type === "number") {
    return { kind: "float", isSingle: number.format === "float", name: number.format === "float" ? "f32" : "f64" };
  }
  if (number) {
    // One that may be text is longer than 64 bits.
    const name = number.format?.startsWith("u") ? "u128" : "i128";
    const [min, max] = INTEGERS.get(name);
    return { kind: "integer", min, max, name };
  }
  const variants = options.flatMap((option) => variantsIn(option, inner));
  return variants.includes(null) ? { kind: "json" } : { kind: "enum", variants };
}

function variantsIn(option, inner) {
  const doc = option.description ?? "";
  const names = option.const === undefined ? option.enum : [option.const];
  if (names) {
    const docs = option["x-enum-descriptions"] ?? [];
    return names.map((name, index) => (typeof name === "string" ? { name, doc: docs[index] ?? (names.length === 1 ? doc : "") } : null));
  }
  const properties = Object.entries(option.properties ?? {});
  if (properties.length !== 1) {
    return [null];
  }
  const [name, content] = properties[0];
  return [{ name, doc: doc || (content.description ?? ""), content: inner(content) }];
}

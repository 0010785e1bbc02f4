/** Typed access to a manifest's JSON; a missing field is an error that names it. */

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of keys, or undefined. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isRecord(current)) return undefined;
    current = current[key];
  }
  return current;
}

export function record(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  const found = field(value, ...path);
  if (!isRecord(found)) throw new Error(`manifest: ${path.join('.')} is not an object`);
  return found;
}

export function text(value: unknown, ...path: readonly string[]): string {
  const found = field(value, ...path);
  if (typeof found !== 'string') throw new Error(`manifest: ${path.join('.')} is not a text`);
  return found;
}

export function number(value: unknown, ...path: readonly string[]): number {
  const found = field(value, ...path);
  if (typeof found !== 'number') throw new Error(`manifest: ${path.join('.')} is not a number`);
  return found;
}

export function numbers(value: unknown, ...path: readonly string[]): readonly number[] {
  const found = field(value, ...path);
  if (!Array.isArray(found) || !found.every((entry) => typeof entry === 'number')) {
    throw new Error(`manifest: ${path.join('.')} is not a list of numbers`);
  }
  return found;
}

export function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = field(value, ...path);
  if (!Array.isArray(found)) throw new Error(`manifest: ${path.join('.')} is not a list`);
  return found;
}

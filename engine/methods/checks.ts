import type { MethodDescription, MethodInput, ParamSchema, ParamValue } from '../../contract/index.ts';

/** What a method's description says of values and inputs: one reading for requests, command lines and tables. */

/** Whether a parameter may have a value. */
export function fitsParam(schema: ParamSchema, value: ParamValue): boolean {
  switch (schema.type) {
    case 'number':
    case 'integer':
      return (
        typeof value === 'number' &&
        value >= schema.min &&
        value <= schema.max &&
        (schema.type === 'number' || Number.isInteger(value))
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return schema.choices.some((choice) => choice.value === value);
    case 'text':
      return typeof value === 'string' && value.length <= schema.maxLength;
  }
}

/** What a parameter takes, for a sentence: `a whole number from 1 to 8`. */
export function paramRange(schema: ParamSchema): string {
  switch (schema.type) {
    case 'number':
    case 'integer':
      return `${schema.type === 'integer' ? 'a whole number' : 'a number'} from ${schema.min} to ${schema.max}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${schema.choices.map(({ value }) => value).join(', ')}`;
    case 'text':
      return `a text of at most ${schema.maxLength} characters`;
  }
}

/** The value that was typed for a parameter; undefined for what it does not take. */
export function paramFromText(text: string, schema: ParamSchema): ParamValue | undefined {
  const value = typed(text, schema.type);
  return value !== undefined && fitsParam(schema, value) ? value : undefined;
}

function typed(text: string, type: ParamSchema['type']): ParamValue | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'choice' || type === 'text') return text;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Inputs that a method needs and that are missing, and those it makes no use of. */
export function inputFaults(
  inputs: MethodDescription['inputs'],
  given: Readonly<Partial<Record<MethodInput, unknown>>>,
  asked: readonly MethodInput[],
): readonly { readonly input: MethodInput; readonly isMissing: boolean }[] {
  return asked
    .map((input) => ({
      input,
      isMissing: inputs[input] === 'required' && given[input] === undefined,
      isUnused: inputs[input] === undefined && given[input] !== undefined,
    }))
    .filter(({ isMissing, isUnused }) => isMissing || isUnused);
}

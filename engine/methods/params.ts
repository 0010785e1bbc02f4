import type { MethodDescription, ParamValue } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { fitsParam, paramRange } from './checks.ts';

/** Typed access to the parameters of a request after `resolveParams`. */
export interface Params {
  number(name: string): number;
  boolean(name: string): boolean;
  text(name: string): string;
}

/** The values a method runs with: those given, checked against the method's schema, and the defaults of the others. */
export function resolveParams(
  { id, params }: Pick<MethodDescription, 'id' | 'params'>,
  given: Readonly<Record<string, ParamValue>>,
): Record<string, ParamValue> {
  for (const name of Object.keys(given))
    if (!params.some((param) => param.name === name))
      throw new AttuneError(
        'request-invalid',
        `The method ${id} has no parameter "${name}"; it has ${params.map((param) => param.name).join(', ') || 'none'}.`,
        { field: name },
      );
  return Object.fromEntries(params.map((param) => [param.name, checkParam(param, given[param.name] ?? param.default)]));
}

function checkParam(param: MethodDescription['params'][number], value: ParamValue): ParamValue {
  if (fitsParam(param, value)) return value;
  throw new AttuneError(
    'request-invalid',
    `The parameter "${param.name}" must be ${paramRange(param)}, not ${JSON.stringify(value)}.`,
    { field: param.name },
  );
}

/** Reads resolved parameters; a name or type that the schema does not have is a defect of the method. */
export function readParams(values: Readonly<Record<string, ParamValue>>): Params {
  const read = <T extends ParamValue>(name: string, is: (value: ParamValue | undefined) => value is T): T => {
    const value = values[name];
    if (!is(value)) throw new RangeError(`the method reads a parameter "${name}" that its schema does not have`);
    return value;
  };
  return {
    number: (name) => read(name, (value) => typeof value === 'number'),
    boolean: (name) => read(name, (value) => typeof value === 'boolean'),
    text: (name) => read(name, (value) => typeof value === 'string'),
  };
}

import type { MethodDescription, ParamSchema, ParamValue } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { fitsParam, paramRange } from './checks.ts';

/** The value that a parameter of this schema has. */
type ValueOf<Schema extends ParamSchema> = Schema extends { readonly type: 'number' | 'integer' }
  ? number
  : Schema extends { readonly type: 'boolean' }
    ? boolean
    : Schema extends { readonly type: 'choice'; readonly choices: readonly { readonly value: infer Value }[] }
      ? Value
      : string;

/** The parameters of a method as it declares them: a name that it does not declare is no property. */
export type ParamsOf<Schemas extends readonly ParamSchema[]> = {
  readonly [Schema in Schemas[number] as Schema['name']]: ValueOf<Schema>;
};

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

/** Resolved parameters under their declared types; those that do not count for what is made (`only`) have their defaults. */
export function typedParams<const Schemas extends readonly ParamSchema[]>(
  schemas: Schemas,
  values: Readonly<Record<string, ParamValue>>,
): ParamsOf<Schemas> {
  const complete = schemas.map((schema) => {
    const value = values[schema.name] ?? (schema.only === undefined ? undefined : schema.default);
    if (value === undefined) throw new RangeError(`the request was not resolved: it lacks "${schema.name}"`);
    return [schema.name, value];
  });
  return Object.fromEntries(complete) as ParamsOf<Schemas>; // every declared name is there, and its value was checked
}

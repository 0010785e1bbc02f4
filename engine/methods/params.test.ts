import { describe, expect, it } from 'vitest';
import type { ParamSchema, ParamValue } from '../../contract/index.ts';
import { thrownBy } from '../../test/checkpoint-files.ts';
import { resolveParams, typedParams } from './params.ts';

const told = { title: 'T', summary: 'S.' };
const params = [
  { ...told, name: 'share', type: 'number', min: 0, max: 1, default: 0.5 },
  { ...told, name: 'count', type: 'integer', min: 1, max: 8, default: 2 },
  { ...told, name: 'on', type: 'boolean', default: true },
  { ...told, name: 'way', type: 'choice', choices: [{ value: 'own', title: 'Own', summary: 'S.' }], default: 'own' },
  { ...told, name: 'note', type: 'text', maxLength: 4, default: '' },
] as const satisfies readonly ParamSchema[];
const method = { id: 'm', params };

describe('parameters', () => {
  it('are those given, and the defaults of the others', () => {
    expect(resolveParams(method, {})).toEqual({ share: 0.5, count: 2, on: true, way: 'own', note: '' });
    const all = { share: 0, count: 8, on: false, way: 'own', note: 'four' };
    expect(resolveParams(method, all)).toEqual(all);
  });

  it.each<[name: string, value: ParamValue, says: string]>([
    ['share', 1.01, 'a number from 0 to 1'],
    ['share', -1, 'a number from 0 to 1'],
    ['share', Number.NaN, 'a number from 0 to 1'],
    ['share', '0.5', 'a number from 0 to 1'],
    ['count', 2.5, 'a whole number from 1 to 8'],
    ['count', 9, 'a whole number from 1 to 8'],
    ['on', 1, 'true or false'],
    ['way', 'other', 'one of own'],
    ['note', 'fives', 'at most 4 characters'],
    ['shares', 0.5, 'it has share, count, on, way, note'],
    ['__proto__', 0.5, 'it has share'],
  ])('%s = %s is refused with what is wanted', (name, value, says) => {
    const refusal = thrownBy(() => resolveParams(method, Object.fromEntries([[name, value]])));
    expect(refusal).toMatchObject({ kind: 'request-invalid', where: { field: name } });
    expect(refusal.message).toContain(says);
  });

  it('says so when a method has none', () => {
    expect(thrownBy(() => resolveParams({ id: 'm', params: [] }, { x: 1 })).message).toContain('it has none');
  });

  it('have the types of their declaration; a name that is not declared does not compile', () => {
    const read = typedParams(params, resolveParams(method, {}));
    const [share, isOn, way]: [number, boolean, 'own'] = [read.share, read.on, read.way];
    expect([share, isOn, way]).toEqual([0.5, true, 'own']);
    // @ts-expect-error: a misspelt name
    expect(read.shares).toBeUndefined();
    expect(() => typedParams(params, { share: 1 })).toThrow(RangeError);
  });
});

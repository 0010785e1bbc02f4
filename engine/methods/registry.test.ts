import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MethodDescription } from '../../contract/index.ts';
import { thrownBy } from '../../test/checkpoint-files.ts';
import { resolveParams } from './params.ts';
import { methodOf, methods } from './registry.ts';

describe('every method', () => {
  it.each(methods.map((method) => [method.description.id, method] as const))('%s', (id, method) => {
    const { description } = method;
    expect(MethodDescription.parse(description)).toEqual(description);
    expect(methodOf(id)).toBe(method);
    // Sentences a person can choose by.
    for (const { title, summary } of [description, ...description.params]) {
      expect(summary).toMatch(/^\p{Lu}.+\.$/su);
      expect(title).not.toBe(summary);
    }
    const names = description.params.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    // The defaults are values that the method's own schema accepts.
    const defaults = resolveParams(description, {});
    expect(resolveParams(description, defaults)).toEqual(defaults);
    expect(Object.keys(defaults)).toEqual(names);
    // A file or a folder of its name, and a proof beside it.
    for (const ending of ['.ts', '.test.ts'])
      expect(globSync([`${id}${ending}`, `${id}/${id}${ending}`], { cwd: import.meta.dirname })).toHaveLength(1);
  });

  it('has an id of its own', () => {
    const ids = methods.map(({ description }) => description.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is listed where an unknown one is asked for', () => {
    const refusal = thrownBy(() => methodOf('prompt-edits'));
    expect(refusal).toMatchObject({ kind: 'request-invalid', where: { field: 'method' } });
    for (const { description } of methods) expect(refusal.message).toContain(description.id);
  });

  it('is found by the ids that older records have', () => {
    expect(methodOf('clip')).toBe(methodOf('generate'));
    expect(methodOf('video-edit')).toBe(methodOf('prompt-edit'));
  });
});

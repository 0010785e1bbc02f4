import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MethodDescription } from '../../contract/index.ts';
import { thrownBy } from '../../test/checkpoint-files.ts';
import { methodOf, videoMethodOf } from './find.ts';
import { resolveParams } from './params.ts';
import { methods } from './registry.ts';
import { videoMethods } from './videoregistry.ts';

describe('every method', () => {
  it.each([...methods, ...videoMethods].map((method) => [method.description.id, method] as const))(
    '%s',
    (id, method) => {
      const { description } = method;
      expect(MethodDescription.parse(description)).toEqual(description);
      expect(description.makes === 'video' ? videoMethodOf(id) : methodOf(id)).toBe(method);
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
      expect(existsSync(join(import.meta.dirname, `${id}.ts`)), `${id}.ts`).toBe(true);
      expect(existsSync(join(import.meta.dirname, `${id}.test.ts`)), `a proof beside it, ${id}.test.ts`).toBe(true);
    },
  );

  it('has an id of its own', () => {
    const ids = [...methods, ...videoMethods].map(({ description }) => description.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is listed where an unknown one is asked for', () => {
    const refusal = thrownBy(() => methodOf('prompt-edits'));
    expect(refusal).toMatchObject({ kind: 'request-invalid', where: { field: 'method' } });
    for (const { description } of methods) expect(refusal.message).toContain(description.id);
  });

  it('is refused where the other kind is asked for, with those that fit', () => {
    const clip = thrownBy(() => methodOf('clip'));
    expect(clip).toMatchObject({ kind: 'request-invalid', where: { field: 'method' } });
    expect(clip.message).toMatch(/clip makes a video.+generate/s);
    expect(thrownBy(() => videoMethodOf('generate')).message).toMatch(/generate makes a picture.+clip/s);
  });
});

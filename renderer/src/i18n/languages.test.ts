import { describe, expect, it } from 'vitest';
import { methods } from '../../../engine/methods/registry.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { methodIn } from './methods.ts';

/** Texts by their dotted names. */
function flat(texts: object, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([name, value]): (readonly [string, string])[] =>
      typeof value === 'string' ? [[prefix + name, value]] : [...flat(value, `${prefix}${name}.`)],
    ),
  );
}
const placeholders = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].sort();

describe('German', () => {
  it('has every text, with the same placeholders', () => {
    const [ours, theirs] = [flat(en), flat(de)];
    expect([...theirs.keys()]).toEqual([...ours.keys()]);
    for (const [name, text] of ours) {
      expect([name, placeholders(theirs.get(name) ?? '')]).toEqual([name, placeholders(text)]);
      expect(theirs.get(name)?.trim()).not.toBe('');
    }
  });

  it('has every method, parameter and choice', () => {
    const untold = methods.flatMap(({ description }) => {
      const shown = methodIn('de', description);
      const texts = [[description.id, shown.summary, description.summary] as const];
      for (const [index, param] of description.params.entries()) {
        const theirs = shown.params[index];
        texts.push([`${description.id}.${param.name}`, theirs?.summary ?? '', param.summary]);
        if (param.type !== 'choice' || theirs?.type !== 'choice') continue;
        for (const [at, choice] of param.choices.entries())
          texts.push([
            `${description.id}.${param.name}.${choice.value}`,
            theirs.choices[at]?.summary ?? '',
            choice.summary,
          ]);
      }
      return texts.filter(([, theirs, own]) => theirs === own).map(([name]) => name);
    });
    expect(untold).toEqual([]);
  });
});

it('a method without texts in a language keeps its own', () => {
  const [first] = methods;
  if (first === undefined) throw new Error('no method');
  const unknown = { ...first.description, id: 'new-method' };
  expect(methodIn('de', unknown)).toBe(unknown);
  expect(methodIn('en', first.description)).toBe(first.description);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, thrownBy } from '../../test/checkpoint-files.ts';
import { EMBEDDED } from '../../test/embedded.ts';
import { readVocabulary } from './vocabulary.ts';

const image = join(EMBEDDED, 'image');
// Our own file, held to its form by the first test.
const shipped: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(image, 'vocabulary.json'), 'utf8'));

describe('the vocabulary of a checkpoint', () => {
  it('is read where it ships one: the embedded model, whose phrases consist of words that its tokenizer knows', () => {
    const vocabulary = readVocabulary(image);
    expect(vocabulary?.objects.map(({ word }) => word)).toContain('apple');
    const { objects = [], colours = [], places = [], positions = [], words = [], examples = [] } = vocabulary ?? {};
    const named = [...objects, ...colours, ...places, ...positions].map(({ word }) => word);
    for (const phrase of [...named, ...examples])
      for (const word of phrase.split(/[ ,]+/)) expect(words, phrase).toContain(word);
  });

  it('is absent where it ships none', () => {
    expect(readVocabulary(folderOf({}))).toBeUndefined();
  });

  it.each<[what: string, file: string | object, field: string | undefined]>([
    ['is no JSON', '{"schema": ', 'schema'],
    ['is no object', '[]', undefined],
    ['is of another form', { ...shipped, schema: 'attune-vocabulary/2' }, 'schema'],
    ['lacks a list', { ...shipped, places: undefined }, 'places'],
    ['has an object for a list', { ...shipped, colours: {} }, 'colours'],
    ['has a number for a word', { ...shipped, objects: [{ word: 'cat' }, { word: 3 }] }, 'objects.1.word'],
    ['has a text for synonyms', { ...shipped, objects: [{ word: 'cat', synonyms: 'kitten' }] }, 'objects.0.synonyms'],
    ['steers a terminal', { ...shipped, examples: ['a \u001b[2J cat'] }, 'examples.0'],
    ['says a key twice', '{"words": [], "words": []}', 'words'],
  ])('that %s is named as malformed, with the field', (_what, content, field) => {
    const folder = folderOf({ 'vocabulary.json': content });
    const { kind, message, where } = thrownBy(() => readVocabulary(folder));
    expect(kind).toBe('checkpoint-malformed');
    expect(where).toEqual({ file: join(folder, 'vocabulary.json'), ...(field === undefined ? {} : { field }) });
    expect(message).toContain(field ?? 'vocabulary.json');
  });
});

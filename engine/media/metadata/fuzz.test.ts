import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Imported } from '../../../contract/index.ts';
import { fuzzRounds, mutated, mutatedJson, randomNumbers } from '../../../test/mutations.ts';
import { pictureFormat } from './carried.ts';
import { importFilm, importMetadata } from './import.ts';
import { readMetadata } from './picture.ts';
import { insertPngText } from './png.ts';
import { readPngText } from './pngread.ts';

/** What a file can hold, damaged: the readers answer with a valid import or nothing, throw nothing, and change nothing but their result. */
const folder = fileURLToPath(new URL('../../../test/madeby/', import.meta.url));
const open = (name: string) => new Uint8Array(readFileSync(folder + name));
const names = (pattern: RegExp) => readdirSync(folder).filter((name) => pattern.test(name));
const picture = open('picture.png');

const MAX_ANSWER = 400_000;

function check(imported: Imported | undefined): void {
  if (imported === undefined) return;
  expect(Imported.safeParse(imported).error).toBeUndefined();
  const text = JSON.stringify(imported);
  expect(text.length).toBeLessThan(MAX_ANSWER);
  expect(imported.notes.join('')).not.toMatch(/[\u202a-\u202e\u2066-\u2069\0]/);
}

const prototype = Object.getOwnPropertyNames(Object.prototype).join();
const unharmed = () => expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(prototype);

describe('a damaged file', () => {
  it.each(['png', 'jpg', 'webp', 'avif', 'heic', 'tiff', 'gif'])('of the kind %s is read or refused', (ending) => {
    const files = names(new RegExp(`\\.${ending}$`)).filter((name) => name !== 'bomb.png');
    const random = randomNumbers(ending.length);
    const rounds = Math.ceil(fuzzRounds(600) / files.length);
    for (const name of files) {
      const whole = open(name);
      for (let round = 0; round < rounds; round++) {
        const damaged = mutated(whole, random);
        check(importMetadata(damaged, name));
        if (pictureFormat(damaged) !== undefined) readMetadata(damaged);
      }
    }
    unharmed();
  });
});

describe('a record that says anything', () => {
  const graph: unknown = JSON.parse(readFileSync(`${folder}workflow-api.json`, 'utf8'));
  const workflow: unknown = JSON.parse(readFileSync(`${folder}workflow.json`, 'utf8'));
  const fields = (name: string) =>
    readPngText(open(name)).fields.flatMap(({ keyword, text }): [string, unknown][] =>
      text.startsWith('{') ? [[keyword, JSON.parse(text)]] : [],
    );
  const records: [string, unknown][] = [
    ['prompt', graph],
    ['workflow', workflow],
    ...fields('fooocus.png'),
    ...fields('invokeai.png'),
    ...fields('invokeai-graph.png'),
    ...fields('invokeai-core.png'),
    ...fields('novelai-4.png'),
    ['parameters', { sui_image_params: { prompt: 'a cat', seed: 1, loras: ['x'], width: 64, height: 64 } }],
  ];

  it('in a field of each tool', () => {
    expect(records.map(([keyword]) => keyword).toSorted()).toEqual([
      'Comment',
      'invokeai_graph',
      'invokeai_graph',
      'invokeai_metadata',
      'parameters',
      'parameters',
      'prompt',
      'workflow',
    ]);
  });

  it.each(records)('in %s is read or named', (keyword, json) => {
    const random = randomNumbers(keyword.length);
    for (let round = 0; round < fuzzRounds(250); round++) {
      const text = mutatedJson(json, random);
      const software = { keyword: 'Software', text: 'NovelAI' };
      check(importMetadata(insertPngText(picture, [{ keyword, text }, software]), 'x.png'));
      check(importMetadata(new TextEncoder().encode(text), 'x.json'));
      check(
        importFilm(
          new Map([
            ['comment', text],
            [keyword, text],
          ]),
        ),
      );
    }
    unharmed();
  });

  it('in the text of A1111 is read or named', () => {
    const random = randomNumbers(1);
    const text = new TextEncoder().encode(
      'a <lora:x:1> cat\nNegative prompt: dog\nSteps: 20, Sampler: "Euler, a", Seed: 42, Size: 512x768\nTemplate: x',
    );
    for (let round = 0; round < fuzzRounds(2000); round++) check(importMetadata(mutated(text, random), 'x.txt'));
  });
});

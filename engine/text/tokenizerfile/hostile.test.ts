import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { charsMap, LLAMA_PATTERN, SAMPLES } from '../../../test/tokenizer-samples.ts';
import { AttuneError } from '../../base/errors.ts';
import { checkCharsMap } from './charsmap.ts';
import { checkTokenizer } from './check.ts';
import { isLinearPattern } from './pattern.ts';

const CHILD = fileURLToPath(new URL('../../../test/tokenizer-child.ts', import.meta.url));
/** More of them by hand: `FUZZ_CASES=50000`. */
const CASES = Number(process.env.FUZZ_CASES ?? 2000);
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'attune-hostile-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** What became of each file, read by a process of its own. */
async function fates(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'tokenizer.json'), text);
  }
  const child = spawn(process.execPath, [CHILD, root], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const end = await new Promise<unknown>((done) => child.once('close', (code, signal) => done(code ?? signal)));
  const lines = out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
  const last = lines.at(-1)?.[0];
  expect(end, `the process ended after ${last}: ${err.slice(0, 500)}`).toBe(0);
  return new Map(lines.map(([name = '', fate = '', what = '']) => [name, { fate, what }]));
}

/** A sample with parts put in place of its own, by their paths. */
function changed(sample: keyof typeof SAMPLES, changes: Readonly<Record<string, unknown>>): string {
  const json = structuredClone(SAMPLES[sample]) as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let place = json;
    for (const key of keys) place = place[key] as Record<string, unknown>;
    place[last] = value;
  }
  return JSON.stringify(json);
}

describe('a tokenizer.json', () => {
  it('of every model and component is read', async () => {
    const files = Object.fromEntries(Object.keys(SAMPLES).map((name) => [name, changed(name, {})]));
    for (const [name, { fate, what }] of await fates(files))
      expect([name, fate, what]).toEqual([name, 'read', expect.any(String)]);
  });

  it('that native code would end the process over is refused', async () => {
    const bytes = (text: string) => btoa(text);
    const files = {
      charsmap: changed('pieces', { 'normalizer.normalizers.0.precompiled_charsmap': 'AAAA' }),
      'charsmap-empty': changed('pieces', { 'normalizer.normalizers.0.precompiled_charsmap': '' }),
      'charsmap-zero': changed('pieces', {
        'normalizer.normalizers.0.precompiled_charsmap': bytes('\0\0\0\0\0\0\0\0'),
      }),
      'charsmap-short': changed('pieces', {
        'normalizer.normalizers.0.precompiled_charsmap': bytes('\x04\0\0\0\xff\xff\xff\xff'),
      }),
      prefix: changed('prefixed', {
        'model.continuing_subword_prefix': 'xxxx',
        'model.merges': ['a b'],
        'model.vocab': { a: 0, b: 1, ab: 2 },
      }),
      'prefix-split': changed('prefixed', {
        'model.continuing_subword_prefix': 'x',
        'model.vocab': { a: 0, é: 1, 'a\u00a9': 2 },
        'model.merges': [['a', 'é']],
      }),
      'merge-unknown': changed('clip', { 'model.merges': ['q q'] }),
      'merge-three': changed('clip', { 'model.merges': ['a b c'] }),
      regex: changed('chat', { 'pre_tokenizer.pretokenizers.0.pattern': { Regex: '(a+)+$' } }),
      'regex-nested': changed('chat', { 'pre_tokenizer.pretokenizers.0.pattern': { Regex: '(?:a*)*b' } }),
      'regex-polynomial': changed('clip', { 'normalizer.normalizers.1.pattern': { Regex: 'a*a*a*a*a*b' } }),
      'regex-back': changed('chat', { 'pre_tokenizer.pretokenizers.0.pattern': { Regex: '(a|b)\\1+' } }),
      'regex-broken': changed('chat', { 'pre_tokenizer.pretokenizers.0.pattern': { Regex: '[a' } }),
      'regex-empty': changed('chat', { 'pre_tokenizer.pretokenizers.0.pattern': { Regex: 'a*' } }),
      growth: changed('clip', {
        'normalizer.normalizers': Array.from({ length: 30 }, () => ({
          type: 'Replace',
          pattern: { String: 'a' },
          content: 'aa',
        })),
      }),
      deep: changed('clip', {
        normalizer: Array.from({ length: 500 }).reduce<object>(
          (inner) => ({ type: 'Sequence', normalizers: [inner] }),
          { type: 'NFC' },
        ),
      }),
      'template-b': changed('words', { 'post_processor.single': [{ Sequence: { id: 'B', type_id: 0 } }] }),
      'template-none': changed('words', { 'post_processor.single': [] }),
      'template-many': changed('words', {
        'post_processor.single': Array.from({ length: 60 }, () => ({ Sequence: { id: 'A', type_id: 0 } })),
      }),
      'template-mark': changed('words', { 'post_processor.special_tokens': {} }),
      'template-ids': changed('words', { 'post_processor.special_tokens.<bos>.ids': [2, 3] }),
      'unk-id': changed('pieces', { 'model.unk_id': 99 }),
      'no-pieces': changed('pieces', { 'model.vocab': [] }),
      'fixed-length': changed('chat', { 'pre_tokenizer.pretokenizers.0': { type: 'FixedLength', length: 0 } }),
      'vocab-id': changed('words', { 'model.vocab': { a: 2 ** 40 } }),
      'vocab-negative': changed('words', { 'model.vocab': { a: -1 } }),
      dropout: changed('clip', { 'model.dropout': 0.5 }),
      'added-id': changed('words', { 'added_tokens.0.id': 2 ** 33 }),
      'added-empty': changed('words', { 'added_tokens.0.content': '' }),
      'half-character': changed('words', { 'added_tokens.0.content': '\ud800' }),
    };
    const told = await fates(files);
    for (const name of Object.keys(files))
      expect([name, told.get(name)]).toEqual([
        name,
        { fate: 'refused', what: expect.stringContaining('tokenizer.json') },
      ]);
  });

  it(`broken anywhere is read or refused, and never ends the process: ${CASES} of them`, async () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        0,
        -1,
        1e300,
        2 ** 40,
        '',
        'AAAA',
        '(a+)+$',
        [],
        {},
        [[]],
        true,
        '\ud800',
        'Sequence',
        'B',
        ['a', 'b'],
        'é',
        'Precompiled',
        '\0',
      ),
      fc.string({ maxLength: 6 }),
      fc.integer({ min: 0, max: 300 }),
    );
    const cases = fc.sample(
      fc.record({
        name: fc.constantFrom(...Object.keys(SAMPLES)),
        picks: fc.array(
          fc.record({ at: fc.nat(), value: odd, how: fc.constantFrom('put', 'delete', 'swap', 'double') }),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { numRuns: CASES, seed: CASES },
    );
    const files = Object.fromEntries(cases.map(({ name, picks }, index) => [`${index}-${name}`, mutated(name, picks)]));
    const told = await fates(files);
    expect(told.size).toBe(CASES);
    const broke = [...told].filter(([, { fate }]) => fate === 'broke');
    expect(broke).toEqual([]);
    const count = (fate: string) => [...told.values()].filter((one) => one.fate === fate).length;
    process.stdout.write(`${count('read')} read, ${count('refused')} refused, no process ended\n`);
    expect(count('read')).toBeGreaterThan(CASES / 20);
    expect(count('refused')).toBeGreaterThan(CASES / 4);
  }, 300_000);

  it('is handed over with nothing but what was checked', () => {
    const json = { ...SAMPLES.words, extra: 1, model: { ...(SAMPLES.words?.model as object), cache_capacity: 1e18 } };
    const text = checkTokenizer(json, [], 'x').json;
    expect(text).not.toContain('cache_capacity');
    expect(Object.keys(JSON.parse(text))).toEqual([
      'version',
      'truncation',
      'padding',
      'added_tokens',
      'normalizer',
      'pre_tokenizer',
      'post_processor',
      'decoder',
      'model',
    ]);
  });
});

/** Every place of a JSON value with what holds it. */
function placesOf(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

function mutated(name: string, picks: readonly { at: number; value: unknown; how: string }[]): string {
  const json = structuredClone(SAMPLES[name]);
  for (const { at, value, how } of picks) {
    const places = placesOf(json);
    const place = places[at % places.length];
    const other = places[(at * 7 + 3) % places.length];
    if (place === undefined || other === undefined) continue;
    const { holder, key } = place;
    const old = holder[key];
    if (how === 'delete') delete holder[key];
    else if (how === 'swap')
      [holder[key], other.holder[other.key]] = [structuredClone(other.holder[other.key]), structuredClone(old)];
    else if (how === 'double' && typeof old === 'string') holder[key] = old + old;
    else if (how === 'double' && typeof old === 'number') holder[key] = old * 2 + 1;
    else holder[key] = value;
  }
  return JSON.stringify(json);
}

describe('a map of characters', () => {
  it('with any byte changed is safe to follow, or refused', () => {
    const whole = atob(charsMap({ ﬁ: 'fi', é: 'e' }));
    const base = Uint8Array.from(whole, (character) => character.charCodeAt(0));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const bytes = base.slice();
          for (const [at, byte] of changes) bytes[at] = byte;
          const checked = checkCharsMap(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
          if ('map' in checked) expect(() => follow(checked.map)).not.toThrow();
        },
      ),
      { numRuns: 500, seed: 6 },
    );
  });
  it('of more than its own size, or with replacements beyond any, is refused', () => {
    expect(checkCharsMap(charsMap({ a: 'x'.repeat(49) }))).toEqual({
      fault: 'has a replacement of more than 48 bytes',
    });
    expect(checkCharsMap(charsMap({ a: 'x'.repeat(48) }))).toEqual({ map: expect.any(String) });
    expect(checkCharsMap('AAA')).toEqual({ fault: 'is no base64 of a map' });
    expect(checkCharsMap('////AAAA////')).toEqual({ fault: expect.stringContaining('does not fit') });
  });
});

/** Follows a map as native code does, from every pair of bytes; throws where that code would look outside. */
function follow(map: string): void {
  const bytes = Uint8Array.from(atob(map), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = view.getUint32(0, true);
  const texts = bytes.subarray(4 + size);
  const unitAt = (place: number) => {
    if (4 * place >= size) throw new RangeError(`unit ${place}`);
    return view.getUint32(4 + 4 * place, true);
  };
  const offset = (unit: number) => (unit >>> 10) * ((unit & 512) === 0 ? 1 : 256);
  const first = [0xef, 0xc3, 0x61, 1, 255, 0xac];
  for (const one of first)
    for (let two = 1; two < 256; two++)
      for (const three of [0x81, 0xa9, 2]) {
        let place = offset(unitAt(0));
        for (const byte of [one, two, three]) {
          place ^= byte;
          const unit = unitAt(place);
          if ((unit & 0x800000ff) >>> 0 !== byte) break;
          place ^= offset(unit);
          if ((unit & 256) === 0) continue;
          const start = unitAt(place) & 0x7fffffff;
          const end = texts.indexOf(0, start);
          if (start > texts.length) throw new RangeError(`text ${start}`);
          new TextDecoder('utf-8', { fatal: true }).decode(texts.subarray(start, end === -1 ? texts.length : end));
        }
      }
}

describe('a regular expression', () => {
  const NO_WORD = '[^\\r\\n\\p{L}\\p{N}]?';
  const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
  const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
  const REST = '|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
  const TENSES = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  it.each([
    ['CLIP', "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"],
    ['GPT-2', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
    ['GPT-2, shorter', "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"],
    ['Llama 3', LLAMA_PATTERN],
    ['Qwen 2 and 3', LLAMA_PATTERN.replace('{1,3}', '')],
    ['Mistral Tekken', `${NO_WORD}${UPPER}*${LOWER}+|${NO_WORD}${UPPER}+${LOWER}*${REST}`],
    ['GPT-4o', `${NO_WORD}${UPPER}*${LOWER}+${TENSES}|${NO_WORD}${UPPER}+${LOWER}*${TENSES}${REST}`],
    [
      'DeepSeek V3',
      `[!"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_\`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
    ],
    ['T5', ' {2,}'],
    ['digits', '\\d{1,3}'],
  ])('of %s is taken', (_name, pattern) => {
    expect(isLinearPattern(pattern)).toBe(true);
  });
  it.each([
    '(a+)+$',
    '(?:a*)*b',
    'a*a*b',
    'a+b',
    '(a|a)*',
    'a{1,900}a{1,900}',
    '(?=a+)b',
    'a+?b',
    'a++',
    '\\1',
    '[a',
    '(a',
    'a)',
    '',
    'a*',
    '|a',
    '[a&&[b]]',
    '(?<n>a)',
    '\\s+(?!\\S)',
    '(?:a+|b)',
    '(?:(?:a))',
    '^a',
    'a$',
    `${'a'.repeat(5000)}`,
  ])('%.40s is not', (pattern) => {
    expect(isLinearPattern(pattern)).toBe(false);
  });
  it('of any signs is taken or not', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '*',
        '+',
        '?',
        '|',
        '\\',
        'a',
        '1',
        ',',
        '^',
        '$',
        '-',
        ':',
        '\\p{L}',
        '\\s',
        '(?:',
        '(?!',
      ),
      maxLength: 16,
    });
    fc.assert(
      fc.property(noise, (pattern) => {
        expect([true, false]).toContain(isLinearPattern(pattern));
      }),
      { numRuns: 5000, seed: 7 },
    );
  });
});

it('what is refused says which file and which part', () => {
  const json = JSON.parse(changed('pieces', { 'normalizer.normalizers.0.precompiled_charsmap': 'AAAA' }));
  expect(() => checkTokenizer(json, [], 'x/tokenizer.json')).toThrow(AttuneError);
  expect(() => checkTokenizer(json, [], 'x/tokenizer.json')).toThrow(
    'x/tokenizer.json, normalizer.normalizers[0], has a map of characters that is no base64 of a map. Download it again.',
  );
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTokenizer } from './tokenizer.ts';

/** The real one, with a count of how often it was given a file. */
const native = vi.hoisted(() => ({ opened: 0 }));
vi.mock('tokenizers', async (load) => {
  const real = await load<typeof import('tokenizers')>();
  const fromString = (json: string) => {
    native.opened++;
    return real.Tokenizer.fromString(json);
  };
  return { ...real, Tokenizer: { fromString } };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-tokenizer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));

const special = (id: number, content: string) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** The embedded model's form: whole words, lower case, begin and end marks with the end mark as the highest id. */
const wordLevel = {
  version: '1.0',
  truncation: null,
  padding: {
    strategy: { Fixed: 12 },
    direction: 'Right',
    pad_to_multiple_of: null,
    pad_id: 0,
    pad_type_id: 0,
    pad_token: '<pad>',
  },
  added_tokens: [special(0, '<pad>'), special(1, '<unk>'), special(9, '<bos>'), special(10, '<eos>')],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '<bos>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '<eos>', type_id: 0 } },
    ],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: {
      '<bos>': { id: '<bos>', ids: [9], tokens: ['<bos>'] },
      '<eos>': { id: '<eos>', ids: [10], tokens: ['<eos>'] },
    },
  },
  decoder: null,
  model: {
    type: 'WordLevel',
    unk_token: '<unk>',
    vocab: { '<pad>': 0, '<unk>': 1, a: 2, red: 3, apple: 4, ',': 5, on: 6, grass: 7, é: 8, '<bos>': 9, '<eos>': 10 },
  },
};

describe('a word-level tokenizer.json', () => {
  const open = (maxTokens = 12) => {
    write('tokenizer.json', wordLevel);
    return openTokenizer(folder, { kind: 'clip', maxTokens });
  };

  it('frames, pads and places the pieces', async () => {
    const prompt = await open().encode('a Red apple, on grass');
    expect(Array.from(prompt.ids)).toEqual([9, 2, 3, 4, 5, 6, 7, 10, 0, 0, 0, 0]);
    expect(prompt.used).toBe(8);
    expect(prompt.tokens.map(({ index, piece, start, end }) => [index, piece, prompt.text.slice(start, end)])).toEqual([
      [1, 'a', 'a'],
      [2, 'red', 'Red'],
      [3, 'apple', 'apple'],
      [4, ',', ','],
      [5, 'on', 'on'],
      [6, 'grass', 'grass'],
    ]);
    expect(prompt.cut).toEqual([]);
    expect(prompt.truncated).toBeUndefined();
  });

  it('is left alone by native code until the first prompt', async () => {
    const before = native.opened;
    const tokenizer = open();
    expect(native.opened).toBe(before);
    await tokenizer.encode('a');
    await tokenizer.encode('red');
    expect(native.opened).toBe(before + 1);
  });

  it('counts ranges in UTF-16 units behind astral and combining characters', async () => {
    const prompt = await open().encode('😀 é 🍎 red');
    expect(prompt.tokens.map(({ start, end }) => prompt.text.slice(start, end))).toEqual(['😀', 'é', '🍎', 'red']);
    expect(prompt.unknown.map((word) => word.text)).toEqual(['😀', '🍎']);
  });

  it('keeps the end mark and names the words that were cut', async () => {
    const prompt = await open(5).encode('a red apple on grass');
    expect(Array.from(prompt.ids)).toEqual([9, 2, 3, 4, 10]);
    expect(prompt.cut.map((word) => word.text)).toEqual(['on', 'grass']);
    expect(prompt.truncated).toContain('"on grass"');
  });

  it('encodes the empty prompt and lone surrogates', async () => {
    const tokenizer = open();
    expect(Array.from((await tokenizer.encode('')).ids).slice(0, 3)).toEqual([9, 10, 0]);
    expect((await tokenizer.encode('\ud83d red')).tokens.map((token) => token.id)).toEqual([1, 3]);
  });

  it('refuses a length without room for the marks', async () => {
    await expect(open().encode('a', 1)).rejects.toMatchObject({ kind: 'request-invalid' });
  });
});

describe('CLIP from vocab.json and merges.txt', () => {
  const vocab = {
    '!': 0,
    c: 1,
    a: 2,
    t: 3,
    s: 4,
    'c</w>': 5,
    'a</w>': 6,
    't</w>': 7,
    's</w>': 8,
    ca: 9,
    'cat</w>': 10,
    '!</w>': 11,
    "'": 12,
    "'s</w>": 13,
    '<|startoftext|>': 14,
    '<|endoftext|>': 15,
  };
  const merges = "#version: 0.2\nc a\nca t</w>\n' s</w>\n";

  it('lower-cases, merges, and splits as CLIP does', async () => {
    write('vocab.json', vocab);
    write('merges.txt', merges);
    write('tokenizer_config.json', {
      pad_token: '<|endoftext|>',
      bos_token: { content: '<|startoftext|>' },
      eos_token: '<|endoftext|>',
    });
    const prompt = await openTokenizer(folder, { kind: 'clip', maxTokens: 10 }).encode("Cat's   cat!  a");
    expect(Array.from(prompt.ids)).toEqual([14, 10, 13, 10, 11, 6, 15, 15, 15, 15]);
    expect(prompt.tokens.map(({ start, end }) => prompt.text.slice(start, end))).toEqual([
      'Cat',
      "'s",
      'cat',
      '!',
      'a',
    ]);
    // Both pieces of "Cat's" belong to one word of the prompt.
    expect(prompt.tokens.map((token) => token.word)).toEqual([0, 0, 1, 2, 3]);
  });

  it('pads with the mark the files name (CLIP-G: "!")', async () => {
    write('vocab.json', vocab);
    write('merges.txt', merges);
    write('special_tokens_map.json', { pad_token: { content: '!' } });
    const prompt = await openTokenizer(folder, { kind: 'clip', maxTokens: 5 }).encode('cat');
    expect(Array.from(prompt.ids)).toEqual([14, 10, 15, 0, 0]);
  });

  describe('with tokens that a fine-tune added', () => {
    const open = () => {
      write('vocab.json', vocab);
      write('merges.txt', merges);
      return openTokenizer(folder, { kind: 'clip', maxTokens: 8 });
    };
    const ids = async (prompt: string) => {
      const { ids: all, used } = await open().encode(prompt);
      return [...all].slice(1, used - 1);
    };

    it('takes each as one token, with the id that the files give it', async () => {
      write('added_tokens.json', { '<cat-toy>': 16, '<cat-toy_1>': 40 });
      expect(await ids('a <cat-toy> cat <cat-toy_1>')).toEqual([6, 16, 10, 40]);
      const prompt = await open().encode('a <cat-toy> cat');
      expect(prompt.tokens.map(({ start, end }) => prompt.text.slice(start, end))).toEqual(['a', '<cat-toy>', 'cat']);
    });

    it('reads how they are found from the newer file', async () => {
      write('added_tokens.json', { CaT: 17 });
      write('tokenizer_config.json', {
        added_tokens_decoder: {
          17: { content: 'CaT', lstrip: false, normalized: true, rstrip: false, single_word: false, special: false },
          30: { content: 'cat!', lstrip: true, normalized: false, rstrip: false, single_word: true, special: false },
          0: { content: '!', lstrip: false, normalized: false, rstrip: false, single_word: false, special: true },
        },
      });
      expect(await ids('a cat !')).toEqual([6, 17, 0]);
      expect(await ids('a cat! a')).toEqual([6, 30, 6]);
    });

    it('says which file is wrong, and where an id cannot be', () => {
      write('added_tokens.json', { '<x>': 'one' });
      expect(open).toThrow(/added_tokens\.json, added tokens, has no whole number/);
      write('added_tokens.json', { '<x>': 2 ** 33 });
      expect(open).toThrow(/added_tokens\.json/);
      write('added_tokens.json', '{');
      expect(open).toThrow(/added_tokens\.json is not valid JSON/);
    });
  });

  it.each([
    ['vocab.json', '[1]', merges],
    ['vocab.json', '{"a": 0.5}', merges],
    ['vocab.json', '{"a": 0}', merges],
    ['merges.txt', JSON.stringify(vocab), 'a b c\n'],
  ])('names %s when it is broken', (file, vocabText, mergesText) => {
    write('vocab.json', vocabText);
    write('merges.txt', mergesText);
    expect(() => openTokenizer(folder, { kind: 'clip', maxTokens: 5 })).toThrowError(
      expect.objectContaining({
        kind: 'checkpoint-malformed',
        where: expect.objectContaining({ file: expect.stringContaining(file) }),
      }),
    );
  });
});

describe('a T5 tokenizer.json', () => {
  it('places pieces without the space before them, and knows unknown words', async () => {
    write('tokenizer.json', {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [special(0, '<pad>'), special(1, '</s>'), special(2, '<unk>')],
      normalizer: null,
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
        special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } },
      },
      decoder: null,
      model: {
        type: 'Unigram',
        unk_id: 2,
        byte_fallback: false,
        vocab: [
          ['<pad>', 0],
          ['</s>', 0],
          ['<unk>', 0],
          ['▁red', -2],
          ['▁app', -3],
          ['le', -3],
          [',', -2],
          ['▁', -4],
        ],
      },
    });
    const prompt = await openTokenizer(folder, { kind: 't5', maxTokens: 8 }).encode('red apple, Ж');
    expect(Array.from(prompt.ids)).toEqual([3, 4, 5, 6, 7, 2, 1, 0]);
    expect(prompt.tokens.map(({ start, end }) => prompt.text.slice(start, end))).toEqual([
      'red',
      'app',
      'le',
      ',',
      '',
      'Ж',
    ]);
    expect(prompt.unknown.map((word) => word.text)).toEqual(['Ж']);
    expect(prompt.used).toBe(7);
  });

  it('keeps the ids of added tokens, or says that they cannot be kept', async () => {
    const unigram = {
      added_tokens: [],
      model: {
        type: 'Unigram',
        unk_id: 0,
        vocab: [
          ['<unk>', 0],
          ['a', -1],
          ['<', -2],
          ['x', -2],
          ['>', -2],
        ],
      },
    };
    write('tokenizer.json', unigram);
    write('added_tokens.json', { '<x>': 5 });
    const open = () => openTokenizer(folder, { kind: 't5', maxTokens: 8 });
    expect([...(await open().encode('a<x>')).ids].slice(0, 2)).toEqual([1, 5]);
    write('added_tokens.json', { '<x>': 9 });
    await expect(open().encode('a<x>')).rejects.toThrow(/"<x>" has the id 9 and stands at 5/);
  });

  it('says how to help itself when only spiece.model is there', () => {
    write('spiece.model', 'x');
    expect(() => openTokenizer(folder, { kind: 't5', maxTokens: 8 })).toThrowError(
      expect.objectContaining({ kind: 'checkpoint-incomplete', message: expect.stringContaining('save_pretrained') }),
    );
  });
});

describe('files that are no tokenizers', () => {
  it.each([
    '',
    '{',
    '[]',
    '{}',
    '{"model": 3}',
    '{"version":"1.0","model":{"type":"BPE","vocab":{"a":0},"merges":[["b","c"]]}}',
    `${'['.repeat(100_000)}`,
  ])('refuses %.40s', (text) => {
    write('tokenizer.json', text);
    expect(() => openTokenizer(folder, { kind: 'clip', maxTokens: 8 })).toThrowError(
      expect.objectContaining({
        kind: 'checkpoint-malformed',
        where: { file: expect.stringContaining('tokenizer.json') },
      }),
    );
  });

  it('names what is missing', () => {
    expect(() => openTokenizer(folder, { kind: 'clip', maxTokens: 8 })).toThrowError(
      expect.objectContaining({
        kind: 'checkpoint-incomplete',
        message: expect.stringContaining('vocab.json with merges.txt'),
      }),
    );
  });
});

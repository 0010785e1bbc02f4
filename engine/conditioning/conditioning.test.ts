import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as families from '../../models/registry.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { thrownBy } from '../../test/checkpoint-files.ts';
import { apart } from '../../test/embedded.ts';
import { numbersOf, runGraph } from '../../test/run-network.ts';
import { TINY_SD3, type TinyModel, writeTinyModel } from '../../test/tiny-model.ts';
import { tinyClip, tinyT5 } from '../../test/tiny-networks.ts';
import { indexTensor } from '../base/tensor.ts';
import { openComponent } from '../checkpoint/folder.ts';
import { type Model, openModel } from '../model/model.ts';
import { columnsOf, encodePrompt, wordsOf } from './conditioning.ts';
import { influenceOfWord } from './influence.ts';
import { unknownWarnings } from './unknown.ts';

const runtime = createOnnxRuntime({ threads: 1 });

function openTiny(form: TinyModel = TINY_SD3): Model {
  const model = openModel(writeTinyModel(form), 'tiny', families, runtime);
  onTestFinished(() => model.sessions.release());
  return model;
}
const withEncoders = (encoders: TinyModel['encoders']): TinyModel => ({ ...TINY_SD3, encoders });
const withoutT5 = withEncoders({ ...TINY_SD3.encoders, text_encoder_3: null });

/** What one encoder gives for ids written by hand, apart from the code under test. */
async function encoderAlone(model: Model, name: string, ids: readonly number[], length: number) {
  const component = openComponent(join(model.folder, name));
  const encoder = families.textEncoders.find((family) => family.detect(component))?.open(component);
  if (encoder === undefined) throw new Error(`no family for ${name}`);
  const padded = [...ids, ...new Array<number>(length - ids.length).fill(0)];
  const { states, pooled } = await runGraph(
    (g) => {
      const { hiddenStates, last, pooled: vector } = encoder.build(g, { batch: 1, tokens: length });
      const chosen = encoder.kind === 'clip' ? hiddenStates.at(-2) : last;
      return { states: chosen ?? last, ...(vector === undefined ? {} : { pooled: vector }) };
    },
    { ids: indexTensor(padded, [1, length]) },
  );
  return { states: numbersOf(states), pooled: pooled === undefined ? [] : numbersOf(pooled) };
}

const PROMPT = 'a red apple on grass';
const CLIP_IDS = [18, 2, 3, 5, 7, 8, 19];
const T5_IDS = [2, 3, 5, 7, 8, 19];
const [CLIP_TOKENS, T5_TOKENS, CLIP_WIDTH, WIDTH] = [9, 256, 16, 40];

/** Columns [start, end) of a text [tokens, WIDTH], features [from, to). */
function part(text: Float32Array, start: number, end: number, from: number, to: number): number[] {
  const values: number[] = [];
  for (let token = start; token < end; token++)
    for (let feature = from; feature < to; feature++) values.push(text[token * WIDTH + feature] ?? Number.NaN);
  return values;
}

describe('a prompt of a checkpoint with CLIP, CLIP and T5', () => {
  it('is the CLIP states side by side, zeros up to the width, then T5’s states; the pooled vectors joined', async () => {
    const model = openTiny();
    const condition = await encodePrompt(model, PROMPT);
    expect(condition.tokenCount).toBe(CLIP_TOKENS + T5_TOKENS);
    expect(condition.promptEmbeds).toHaveLength((CLIP_TOKENS + T5_TOKENS) * WIDTH);
    const first = await encoderAlone(model, 'text_encoder', CLIP_IDS, CLIP_TOKENS);
    const second = await encoderAlone(model, 'text_encoder_2', CLIP_IDS, CLIP_TOKENS);
    const third = await encoderAlone(model, 'text_encoder_3', T5_IDS, T5_TOKENS);
    const { promptEmbeds: text } = condition;
    expect(apart(part(text, 0, CLIP_TOKENS, 0, CLIP_WIDTH), first.states)).toBeLessThan(1e-5);
    expect(apart(part(text, 0, CLIP_TOKENS, CLIP_WIDTH, 2 * CLIP_WIDTH), second.states)).toBeLessThan(1e-5);
    expect(part(text, 0, CLIP_TOKENS, 2 * CLIP_WIDTH, WIDTH).every((value) => value === 0)).toBe(true);
    expect(apart(part(text, CLIP_TOKENS, CLIP_TOKENS + T5_TOKENS, 0, WIDTH), third.states)).toBeLessThan(1e-5);
    expect(apart(condition.inputs.pooled ?? [], [...first.pooled, ...second.pooled])).toBeLessThan(1e-5);
  });

  it('has the columns of a word in both blocks, T5’s without a begin mark', async () => {
    const condition = await encodePrompt(openTiny(), PROMPT);
    const start = PROMPT.indexOf('apple');
    expect(columnsOf(condition, start, start + 5)).toEqual([3, CLIP_TOKENS + 2]);
    expect(columnsOf(condition, 0, 5)).toEqual([1, 2, CLIP_TOKENS, CLIP_TOKENS + 1]);
    expect(wordsOf(condition).map(({ text, columns }) => [text, columns])).toEqual([
      ['a', [1, CLIP_TOKENS]],
      ['red', [2, CLIP_TOKENS + 1]],
      ['apple', [3, CLIP_TOKENS + 2]],
      ['on', [4, CLIP_TOKENS + 3]],
      ['grass', [5, CLIP_TOKENS + 4]],
    ]);
  });

  it('takes weights off the text and keeps them with their characters', async () => {
    const model = openTiny();
    const plain = await encodePrompt(model, PROMPT);
    const weighted = await encodePrompt(model, 'a (red:1.5) apple on (grass:1.0)');
    expect(weighted.prompt).toBe(PROMPT);
    expect(weighted.promptEmbeds).toEqual(plain.promptEmbeds);
    expect(weighted.weights).toEqual([{ start: 2, end: 5, weight: 1.5 }]);
    expect(plain.weights).toEqual([]);
    expect((await encodePrompt(model, 'a (red:1.5) apple', 'none')).weights).toEqual([]);
  });

  it('tells of words that no encoder saw, and only of these', async () => {
    const model = openTiny();
    expect((await encodePrompt(model, PROMPT)).warnings).toEqual([]);
    const unknown = await encodePrompt(model, 'a zebra on grass');
    expect(unknown.unknown.map(({ text }) => text)).toEqual(['zebra']);
    expect(unknownWarnings(model, [unknown])).toEqual(['This checkpoint does not know "zebra". Use other words.']);
    // CLIP's nine columns are full after seven words; T5 still reads the rest.
    expect((await encodePrompt(model, `${PROMPT}, a blue cat`)).warnings).toEqual([]);
    const long = `${'red '.repeat(260)}cat`;
    expect((await encodePrompt(model, long)).warnings.join()).toMatch(/too long.*cat/);
    // However much is cut off, the sentence stays one; marks between words are no words.
    const [sentence = ''] = (await encodePrompt(model, `${'red '.repeat(3000)};`)).warnings;
    expect(sentence).toMatch(/and 27\d\d more\.$/);
    expect(sentence.length).toBeLessThan(200);
    const marks = await encodePrompt(model, 'a red; (apple: cat)');
    expect([marks.warnings, marks.unknown]).toEqual([[], []]);
  });

  it('knows which columns a word wrote into: none before it, its own, and those behind it in CLIP', async () => {
    const model = openTiny();
    const condition = await encodePrompt(model, PROMPT);
    const { columns } = await influenceOfWord(model, condition, { start: 8, end: 8 + 'pple'.length });
    const apple = await influenceOfWord(model, condition, { start: 6, end: 11 });
    expect(columns).toHaveLength(condition.tokenCount);
    expect(Math.max(...apple.columns.slice(0, 3))).toBeLessThan(1e-5);
    expect(apple.columns[3]).toBeGreaterThan(0.01);
    expect(apple.columns[4]).toBeGreaterThan(1e-4);
    expect(apple.columns[CLIP_TOKENS + 2]).toBeGreaterThan(0.01);
    expect(apple.columns.every((share) => share >= 0 && share <= 1)).toBe(true);
  });
});

describe('a prompt of a checkpoint published without T5', () => {
  it('has the zero block of the reference: as many columns as CLIP has, all zero', async () => {
    const model = openTiny(withoutT5);
    const condition = await encodePrompt(model, PROMPT);
    expect(condition.tokenCount).toBe(2 * CLIP_TOKENS);
    const { promptEmbeds: text } = condition;
    expect(part(text, CLIP_TOKENS, 2 * CLIP_TOKENS, 0, WIDTH).every((value) => value === 0)).toBe(true);
    const first = await encoderAlone(model, 'text_encoder', CLIP_IDS, CLIP_TOKENS);
    expect(apart(part(text, 0, CLIP_TOKENS, 0, CLIP_WIDTH), first.states)).toBeLessThan(1e-5);
    expect(columnsOf(condition, 6, 11)).toEqual([3]);
    // Now CLIP's end is the prompt's end.
    expect((await encodePrompt(model, `${PROMPT}, a blue cat`)).warnings.join()).toMatch(/left out:.* cat/);
  });

  it('has no such block where the CLIP states fill the width', async () => {
    const form = {
      encoders: { text_encoder: tinyClip(), text_encoder_2: tinyClip() },
      textHiddenSize: 32,
      pooledWidth: 12,
    };
    const condition = await encodePrompt(openTiny(form), PROMPT);
    expect(condition.tokenCount).toBe(CLIP_TOKENS);
  });
});

describe('text encoders that do not fit', () => {
  it.each<[what: string, form: TinyModel, kind: string, says: RegExp]>([
    ['pooled vectors too short', { ...TINY_SD3, pooledWidth: 14 }, 'checkpoint-malformed', /12 values.*expects 14/],
    [
      'CLIP wider than the transformer',
      { ...withoutT5, textHiddenSize: 24 },
      'checkpoint-malformed',
      /32 features.*reads 24/,
    ],
    [
      'T5 wider than the transformer',
      withEncoders({ ...TINY_SD3.encoders, text_encoder_3: tinyT5({ width: 48 }) }),
      'checkpoint-malformed',
      /48 features/,
    ],
    [
      'T5 alone',
      withEncoders({ text_encoder: null, text_encoder_2: null, text_encoder_3: tinyT5({ width: 40 }) }),
      'checkpoint-incomplete',
      /no CLIP/,
    ],
  ])('are named: %s', (_what, form, kind, says) => {
    const refusal = thrownBy(() => openTiny(form));
    expect(refusal).toMatchObject({ name: 'AttuneError', kind });
    expect(refusal.message).toMatch(says);
  });

  it('are named when there are none at all', () => {
    const none = withEncoders({ text_encoder: null, text_encoder_2: null, text_encoder_3: null });
    expect(() => openTiny(none)).toThrowError(
      expect.objectContaining({
        kind: 'checkpoint-incomplete',
        where: expect.objectContaining({ field: 'text_encoder' }),
      }),
    );
  });
});

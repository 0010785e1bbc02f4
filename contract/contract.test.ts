import { describe, expect, it } from 'vitest';
import { EditRecord, EditRequest, JobEvent, MediaRef, ParamSchema, Pixels, Vocabulary } from './index.ts';

const request = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple', seed: 7 };

describe('the contract', () => {
  it('takes the smallest request and keeps it as it is', () => {
    expect(EditRequest.parse(request)).toEqual(request);
  });

  it.each([
    ['a key it does not know', { ...request, promt: 'x' }],
    ['a key given as undefined', { ...request, negative: undefined }],
    ['a negative seed', { ...request, seed: -1 }],
    ['a seed that JSON cannot carry', { ...request, seed: 2 ** 53 }],
    ['a size of no pixels', { ...request, size: { width: 0, height: 16 } }],
    ['an endless guidance', { ...request, guidance: Number.POSITIVE_INFINITY }],
    ['no steps', { ...request, steps: 0 }],
  ])('refuses a request with %s', (_what, value) => {
    expect(EditRequest.safeParse(value).success).toBe(false);
  });

  it('says in words which lengths and sizes it takes', () => {
    const messages = (value: unknown) => EditRequest.safeParse(value).error?.issues.map(({ message }) => message);
    const size = { width: 16_385, height: 0 };
    expect(messages({ ...request, size })).toEqual(['must be from 1 to 16384', 'must be from 1 to 16384']);
    expect(messages({ ...request, prompt: 'x'.repeat(20_001) })).toEqual(['must have at most 20000 characters']);
  });

  it.each(['/home/me/cat.png', '..\\cat.png', 'a/b.png', ''])('refuses %j as the name of a picture', (name) => {
    expect(MediaRef.safeParse({ sha256: '0'.repeat(64), name }).success).toBe(false);
  });

  it('refuses pixels whose bytes do not fill the picture', () => {
    const pixels = { width: 2, height: 2, channels: 3, data: new Uint8Array(12) };
    expect(Pixels.safeParse(pixels).success).toBe(true);
    expect(Pixels.safeParse({ ...pixels, data: new Uint8Array(11) }).success).toBe(false);
  });

  it('describes a parameter without anything more to know', () => {
    const base = { name: 'strength', title: 'Strength', summary: 'Larger values change more of the picture.' };
    expect(ParamSchema.safeParse({ ...base, type: 'number', min: 0, max: 1, default: 0.6 }).success).toBe(true);
    expect(ParamSchema.safeParse({ ...base, type: 'number', default: 0.6 }).success).toBe(false);
  });

  it('drops what a later version may have added to a record', () => {
    const record = {
      schema: 'attune/1',
      app: { name: 'Attune', version: '9.0.0', mood: 'new' },
      request: { ...request, params: {}, size: { width: 128, height: 128 }, steps: 8, guidance: 4 },
      prompts: [],
      checkpoint: { name: 'image', family: 'sd3', files: [] },
      runtime: { provider: 'cpu', version: 'onnxruntime 1.30.0', precision: 'float32' },
      noise: 'x',
      sampler: { name: 'flow-euler', commonName: 'Euler', sigmas: [1, 0] },
      operations: [],
      later: true,
    };
    const read = EditRecord.parse(record);
    expect(read).not.toHaveProperty('later');
    expect(read.app).toEqual({ name: 'Attune', version: '9.0.0' });
    expect(EditRecord.safeParse({ ...record, schema: 'attune/2' }).success).toBe(false);
  });

  it('drops what a later version may have added to a vocabulary, and takes a word without synonyms', () => {
    const vocabulary = {
      schema: 'attune-vocabulary/1',
      objects: [{ word: 'cat', synonyms: ['kitten'], plural: 'cats' }],
      colours: [],
      places: [],
      positions: [{ word: 'on the left', cells: [[0, 16]] }],
      words: ['cat', 'on', 'the', 'left'],
      examples: ['a cat on the left'],
      later: true,
    };
    const read = Vocabulary.parse(vocabulary);
    expect(read).not.toHaveProperty('later');
    expect(read.objects).toEqual([{ word: 'cat', synonyms: ['kitten'] }]);
    expect(read.positions).toEqual([{ word: 'on the left', synonyms: [] }]);
    for (const word of ['', 'cat\u001b[2J', 'a\u202etac', 7])
      expect(Vocabulary.safeParse({ ...vocabulary, objects: [{ word }] }).success).toBe(false);
  });

  it('tells the end of a job apart from its progress', () => {
    const job = 'job-00000001';
    expect(JobEvent.safeParse({ job, event: { kind: 'step', step: 1, of: 8, etaMs: 900 } }).success).toBe(true);
    expect(JobEvent.safeParse({ job, event: { kind: 'cancelled' } }).success).toBe(true);
    expect(JobEvent.safeParse({ job, event: { kind: 'exploded' } }).success).toBe(false);
  });
});

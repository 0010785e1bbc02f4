import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine } from '../../test/embedded.ts';
import { massValues } from '../attention/capture.ts';
import type { AttentionOp, CaptureOp, RouteOp } from '../attention/ops.ts';
import { routeValues } from '../attention/route.ts';
import type { HookValues } from '../attention/values.ts';
import { gaussianNoise } from '../base/noise.ts';
import { type Conditioning, columnsOf, encodePrompt } from '../conditioning/conditioning.ts';
import { type Branches, openBranches } from './branches.ts';
import type { BranchLayout, BranchSpec } from './layout.ts';
import { WordMaps, watchWords } from './wordmaps.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const [height, width] = [16, 16];
const size = model.denoiser.latentChannels * height * width;
const [latent, otherLatent] = [gaussianNoise(size, 1), gaussianNoise(size, 2)];
const PROMPT = 'a red apple on the left, on grass';
let apple: Conditioning;
let whale: Conditioning;
let empty: Conditioning;
beforeAll(async () => {
  apple = await encodePrompt(model, PROMPT);
  whale = await encodePrompt(model, 'a blue whale on the right, on sand');
  empty = await encodePrompt(model, '');
});

const open = (branches: readonly BranchSpec[], operations?: (layout: BranchLayout) => readonly AttentionOp[]) =>
  openBranches(model, { branches, frames: 1, height, width, ...(operations === undefined ? {} : { operations }) });
const one = (condition: Conditioning): BranchSpec => ({ name: 'target', condition, guidance: 1 });

describe('branches', () => {
  it('are rows of a batch that do not see each other', async () => {
    const both = await open([
      { name: 'source', condition: apple, guidance: 1 },
      { name: 'target', condition: whale, guidance: 1 },
    ]);
    const { outputs } = await both.run({ latents: [latent, otherLatent], timestep: 700 });
    const alone = await Promise.all([
      (await open([one(apple)])).run({ latents: [latent], timestep: 700 }),
      (await open([one(whale)])).run({ latents: [otherLatent], timestep: 700 }),
    ]);
    alone.forEach((run, branch) => {
      expect(apart(outputs[branch] ?? [], run.outputs[0] ?? [])).toBeLessThan(1e-5);
    });
    expect(apart(outputs[0] ?? [], outputs[1] ?? [])).toBeGreaterThan(0.1);
  });

  it('are guided by their own negative prompts: negative + scale (positive - negative)', async () => {
    const guided = await open([
      { name: 'source', condition: apple, negative: empty, guidance: 3 },
      { name: 'target', condition: whale, negative: apple, guidance: 0.5 },
    ]);
    expect(guided.rows.map(({ branch, kind }) => [branch, kind])).toEqual([
      [0, 'negative'],
      [0, 'positive'],
      [1, 'negative'],
      [1, 'positive'],
    ]);
    const plain = async (condition: Conditioning, data: Float32Array) =>
      (await (await open([one(condition)])).run({ latents: [data], timestep: 400 })).outputs[0] ?? new Float32Array();
    const { outputs } = await guided.run({ latents: [latent, otherLatent], timestep: 400 });
    const [a, e] = [await plain(apple, latent), await plain(empty, latent)];
    const [w, n] = [await plain(whale, otherLatent), await plain(apple, otherLatent)];
    const expected = [
      a.map((value, i) => (e[i] ?? 0) + 3 * (value - (e[i] ?? 0))),
      w.map((v, i) => ((n[i] ?? 0) + v) / 2),
    ];
    expected.forEach((velocity, branch) => {
      expect(apart(outputs[branch] ?? [], velocity)).toBeLessThan(5e-5);
    });
  });

  it('refuse a layout or latents that do not fit', async () => {
    await expect(open([{ name: 'target', condition: apple, guidance: 2 }])).rejects.toThrow('no negative prompt');
    const branches = await open([one(apple)]);
    expect(() => branches.row('source')).toThrow('no positive row');
    await expect(branches.run({ latents: [new Float32Array(7)], timestep: 1000 })).rejects.toThrow('instead of');
    await expect(branches.run({ latents: [], timestep: 1000 })).rejects.toThrow('instead of');
  });

  it('share one session as long as nothing but amounts, prompts and guidance change', async () => {
    await open([one(apple)]);
    const before = model.sessions.size;
    await open([one(whale)]);
    await open([one(empty)]);
    expect(model.sessions.size).toBe(before);
  });
});

describe('neutral hooks', () => {
  const pair = (): readonly BranchSpec[] => [
    { name: 'source', condition: apple, negative: empty, guidance: 2 },
    { name: 'target', condition: whale, negative: empty, guidance: 3 },
  ];
  const run = async (branches: Branches, values: HookValues = {}) =>
    (await branches.run({ latents: [latent, otherLatent], timestep: 600, values })).outputs;
  const expectSame = (outputs: readonly Float32Array[], plain: readonly Float32Array[]) => {
    outputs.forEach((velocity, branch) => {
      expect(apart(velocity, plain[branch] ?? [])).toBeLessThan(1e-5);
    });
  };
  const words: RouteOp = {
    op: 'route',
    id: 'w',
    rows: 'image',
    cols: 'text',
    q: true,
    k: true,
    weight: true,
    layers: 'all',
  };
  const layout: RouteOp = {
    op: 'route',
    id: 'l',
    rows: 'image',
    cols: 'image',
    q: true,
    k: true,
    weight: true,
    layers: 'all',
  };

  it('give the plain predictions: routes of weight 0, from wherever', async () => {
    const plain = await run(await open(pair()));
    const routed = await open(pair(), () => [words, layout]);
    const values = (weight: number) => ({
      ...routeValues(words, routed.sizes, { from: [0, 1, 0, 1], weight: [0, 0, weight, weight] }),
      ...routeValues(layout, routed.sizes, { from: [0, 1, 0, 1], weight: [0, 0, weight, weight] }),
    });
    expectSame(await run(routed, values(0)), plain);
    expectSame(await run(routed), plain);
    // The same graph with the routes open does something, so the test above is one of the weight.
    const [source = [], target = []] = await run(routed, values(1));
    expect(apart(source, plain[0] ?? [])).toBeLessThan(1e-5);
    expect(apart(target, plain[1] ?? [])).toBeGreaterThan(1e-2);
  });

  it('give the plain predictions: word maps read along', async () => {
    const plain = await run(await open(pair()));
    const watched = [await watchWords(model, 'source', apple), await watchWords(model, 'target', whale)];
    let maps: WordMaps | undefined;
    const branches = await open(pair(), (sizes) => {
      maps = new WordMaps(sizes, watched);
      return [maps.operation];
    });
    const { outputs, captures } = await branches.run({
      latents: [latent, otherLatent],
      timestep: 600,
      values: maps?.values ?? {},
    });
    expectSame(outputs, plain);
    maps?.record(captures);
    for (const { branch, words: list } of watched)
      for (const at of list.keys()) {
        const map = maps?.tokenMap(branch, at) ?? new Float32Array();
        expect(map).toHaveLength(branches.sizes.tokens.image.length);
        expect(map.every((share) => share >= 0 && share <= 1 + 1e-5)).toBe(true);
      }
  });

  it('no operation is no hook: the very session of a plain run', async () => {
    await open(pair());
    const before = model.sessions.size;
    await open(pair(), () => []);
    expect(model.sessions.size).toBe(before);
  });
});

describe('prompt weights', () => {
  /** Share of the image rows' attention that falls on the columns of "apple", and the velocity, for a prompt and a negative. */
  async function look(prompt: string, negative?: string) {
    const condition = await encodePrompt(model, prompt);
    const against = negative === undefined ? undefined : await encodePrompt(model, negative);
    const spec = against === undefined ? one(condition) : { name: 'target', condition, negative: against, guidance: 3 };
    const capture: CaptureOp = {
      op: 'capture',
      id: 'm',
      what: 'mass',
      rows: 'image',
      cols: 'text',
      count: 1,
      layers: [0],
    };
    const branches = await open([spec], () => [capture]);
    const indicators = branches.rows.map((row) => {
      const at = row.condition.prompt.indexOf('apple');
      const columns = new Float32Array(row.condition.tokenCount);
      if (at >= 0) for (const column of columnsOf(row.condition, at, at + 5)) columns[column] = 1;
      return columns;
    });
    const values = massValues(capture, branches.sizes, indicators);
    const { outputs, captures } = await branches.run({ latents: [latent], timestep: 600, values });
    const data = captures.m?.data ?? new Float32Array();
    const tokens = branches.sizes.tokens.image.length;
    const mass = branches.rows.map((_, row) =>
      data.subarray(row * tokens, (row + 1) * tokens).reduce((sum, value) => sum + value / tokens, 0),
    );
    return { mass, velocity: outputs[0] ?? new Float32Array() };
  }
  const weighted = (weight: number | string) => PROMPT.replace('apple', `(apple:${weight})`);

  it('of 1 are no weights: the same bits, the same session', async () => {
    const plain = await look(PROMPT);
    const before = model.sessions.size;
    const same = await look(weighted('1.0'));
    expect(same.velocity).toEqual(plain.velocity);
    expect(same.mass).toEqual(plain.mass);
    expect(model.sessions.size).toBe(before);
    expect((await encodePrompt(model, weighted('1.0'))).promptEmbeds).toEqual(apple.promptEmbeds);
  });

  it('move the word monotonically, from gone to more than its share, and below 0 against it', async () => {
    const { mass: plain, velocity } = await look(PROMPT);
    const seen: number[] = [];
    for (const weight of [-0.5, 0, 0.25, 2, 4]) {
      const { mass, velocity: changed } = await look(weighted(weight));
      seen.push(mass[0] ?? Number.NaN);
      expect(apart(changed, velocity)).toBeGreaterThan(1e-4);
    }
    const [against = 0, gone = 1, faint = 0, strong = 0, strongest = 0] = seen;
    const own = plain[0] ?? 0;
    // A negative probability of half the size; and one that is not there at all.
    expect(against / own).toBeCloseTo(-0.5, 4);
    expect(Math.abs(gone)).toBeLessThan(1e-7);
    expect([0, faint, own, strong, strongest]).toEqual([0, faint, own, strong, strongest].sort((a, b) => a - b));
    expect(faint).toBeGreaterThan(0);
    expect(strongest).toBeGreaterThan(strong);
  });

  it('below the limit of the bias are the softmax with c times the odds', async () => {
    // Per row and head p' = c p / (1 + (c - 1) p); the mean over rows and heads is bounded by the case without renormalisation.
    const [own = 0] = (await look(PROMPT)).mass;
    for (const c of [0.25, 2]) {
      const [mass = 0] = (await look(weighted(c))).mass;
      const [least, most] = [Math.min(own, c * own), Math.max(own, c * own)];
      expect(mass).toBeGreaterThan(least);
      expect(mass).toBeLessThan(most);
    }
  });

  it('of a negative prompt act on its row alone', async () => {
    const negative = 'a green apple';
    const plain = await look(PROMPT, negative);
    const less = await look(PROMPT, 'a green (apple:0.25)');
    const more = await look(PROMPT, 'a green (apple:3)');
    expect(less.mass[0]).toBeLessThan(plain.mass[0] ?? 0);
    expect(more.mass[0]).toBeGreaterThan(plain.mass[0] ?? 1);
    expect(less.mass[1]).toBeCloseTo(plain.mass[1] ?? Number.NaN, 6);
    expect(apart(less.velocity, plain.velocity)).toBeGreaterThan(1e-4);
    expect((await look(PROMPT, 'a green (apple:1)')).velocity).toEqual(plain.velocity);
  });
});

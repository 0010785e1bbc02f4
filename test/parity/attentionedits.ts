import { join } from 'node:path';
import {
  type AttentionOp,
  type AttentionSite,
  branchValues,
  compileAttention,
  type Denoiser,
  type ExtendOp,
  extendValues,
  type ForkOp,
  forkValues,
  GraphBuilder,
  type HookSizes,
  type HookValues,
  openComponent,
  type RouteOp,
  routeValues,
  type ShapeOp,
  shapeValues,
  sizesOf,
  type Tensor,
} from '../../engine/index.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { list, record, text } from './manifest.ts';
import { denoiserFeeds, denoiserSizes, openDenoiser } from './networks.ts';
import { readFixtureTensors, take } from './safetensors.ts';
import type { FixtureArray, FixtureFolder, FixtureRunner, ParityContext, ParityResult } from './types.ts';

/** attention-edits: real networks with one edit each of their attention, expressed in the product's vocabulary. */
export const runAttentionEdits: FixtureRunner = async (fixture, context) => {
  const expected = await readFixtureTensors(join(fixture.directory, 'outputs.safetensors'));
  const results: ParityResult[] = [];
  for (const model of Object.keys(record(fixture.manifest, 'models'))) {
    results.push(await runModel(fixture, model, expected, context));
  }
  return results;
};

/** An edit of the fixture: operations, and their amounts; an edit is static structure, the amounts are inputs. */
interface Edit {
  readonly ops: readonly AttentionOp[];
  values(sizes: HookSizes): readonly HookValues[];
}

/** Which batch row each one reads: item 1 reads item 0. */
const fromFirst = (sizes: HookSizes): number[] => Array.from({ length: sizes.batch }, (_, b) => (b === 1 ? 0 : b));

/** A field for item 1, another for the rest. */
const forSecond = <T>(sizes: HookSizes, second: T, rest: T): T[] =>
  Array.from({ length: sizes.batch }, (_, b) => (b === 1 ? second : rest));

const alike = <T>(sizes: HookSizes, field: T): T[] => forSecond(sizes, field, field);

const one = (length: number, at: number, value: number, rest: number): Float32Array =>
  new Float32Array(length).fill(rest).fill(value, at, at + 1);

/** The nine edits of the manifest at one place (`layers`, `sites`). */
function edits(place: Pick<AttentionOp, 'layers' | 'sites'>): Readonly<Record<string, Edit>> {
  const shape = { op: 'shape', ...place } as const;
  const route = { op: 'route', ...place } as const;
  const gain: ShapeOp = { ...shape, id: 'gain', rows: 'image', cols: 'text', bias: true };
  const scale: ShapeOp = { ...shape, id: 'scale', rows: 'image', cols: 'image', scale: true };
  const mask: ShapeOp = { ...shape, id: 'mask', rows: 'image', cols: 'text', rowWeight: true, bias: true };
  const probs: RouteOp = { ...route, id: 'probs', rows: 'all', cols: 'all', q: true, k: true };
  const keepOwn: ShapeOp = { ...shape, id: 'own', rows: 'image', cols: 'text', gain: true };
  const words: RouteOp = { ...route, id: 'words', rows: 'image', cols: 'all', q: true, k: true };
  const textOnly: ShapeOp = { ...shape, id: 'text', rows: 'image', cols: 'image', gain: true };
  const add: ForkOp = { op: 'fork', ...place, id: 'add', rows: 'image', mode: 'add', alt: [words, textOnly] };
  const kv: RouteOp = { ...route, id: 'kv', rows: 'all', cols: 'image', k: true, v: true };
  const qk: RouteOp[] = [
    { ...route, id: 'both', rows: 'image', cols: 'image', q: 'first', k: 'first' },
    { ...route, id: 'queries', rows: 'image', cols: 'text', q: 'first' },
    { ...route, id: 'keys', rows: 'text', cols: 'image', k: 'first' },
  ];
  const more: ExtendOp = { op: 'extend', ...place, id: 'more', rows: 'all', cols: 'image' };
  const head: ShapeOp = { ...shape, id: 'head', rows: 'all', cols: 'all', heads: true, gain: true };
  const textLength = (sizes: HookSizes) => sizes.tokens.text.length;
  return {
    text_gain: {
      ops: [gain],
      values: (s) => [shapeValues(gain, s, { bias: alike(s, one(textLength(s), 1, Math.log(3), 0)) })],
    },
    temperature: { ops: [scale], values: (s) => [shapeValues(scale, s, { scale: alike(s, 1.5) })] },
    mask: {
      ops: [mask],
      values: (s) => {
        const { length } = s.tokens.image;
        const firstHalf = new Float32Array(length).fill(1, 0, Math.floor(length / 2));
        const bias = alike(s, one(textLength(s), 0, Number.NEGATIVE_INFINITY, 0));
        return [shapeValues(mask, s, { rows: alike(s, firstHalf), bias })];
      },
    },
    probs_from_first: { ops: [probs], values: (s) => [routeValues(probs, s, { from: fromFirst(s) })] },
    image_to_text_from_first: {
      ops: [keepOwn, add],
      values: (s) => [
        shapeValues(keepOwn, s, { gain: forSecond(s, 0, 1) }),
        routeValues(words, s, { from: fromFirst(s) }),
        shapeValues(textOnly, s, { gain: alike(s, 0) }),
        forkValues(add, s, { mix: forSecond(s, 1, 0) }),
      ],
    },
    kv_from_first: { ops: [kv], values: (s) => [routeValues(kv, s, { from: fromFirst(s) })] },
    qk_from_first: { ops: qk, values: (s) => [branchValues('first', fromFirst(s), s)] },
    more_keys: {
      ops: [more],
      values: (s) => [extendValues(more, s, { from: fromFirst(s), bias: forSecond(s, 0, Number.NEGATIVE_INFINITY) })],
    },
    head_off: {
      ops: [head],
      values: (s) => [shapeValues(head, s, { heads: one(s.heads, 1, 1, 0), gain: alike(s, 0) })],
    },
  };
}

async function runModel(
  { directory, path, manifest }: FixtureFolder,
  model: string,
  expected: ReadonlyMap<string, FixtureArray>,
  context: ParityContext,
): Promise<ParityResult> {
  const description = record(manifest, 'models', model);
  const component = openComponent(join(directory, text(description, 'checkpoint')));
  const denoiser = openDenoiser(component);
  const line = `${path}/${model}`;
  if (denoiser === undefined) return { path: line, status: 'SKIP', detail: 'no family for this network yet' };
  const inputs = await readFixtureTensors(join(directory, text(description, 'inputs')));
  const wanted = list(description, 'layers');
  const caseName = text(description, 'case');
  const names = [...expected.keys()].filter((name) => name.startsWith(`${model}.`));
  const comparison = new Comparison(line);
  const unknown = new Set(names.map((name) => name.split('.')[1] ?? ''));
  for (const [name, edit] of Object.entries(edits(placeOf(denoiser, inputs, caseName, wanted)))) {
    unknown.delete(name);
    const prefix = `${model}.${name}.`;
    const outputs = names.filter((output) => output.startsWith(prefix));
    const results = await runEdit(
      denoiser,
      inputs,
      caseName,
      edit,
      context,
      outputs.map((output) => output.slice(prefix.length)),
    );
    for (const output of outputs) {
      const actual = results[output.slice(prefix.length)];
      if (actual?.dtype !== 'float32') comparison.fail(`${output} is not computed`);
      else
        comparison.checkTensor(
          output,
          actual,
          take(expected, output),
          storedTolerance(record(manifest, 'outputs', output)),
        );
    }
  }
  if (unknown.size > 0) comparison.fail(`no code for the edit ${[...unknown].join(', ')}`);
  return comparison.result(`${comparison.compared} tensors`);
}

function feedsOf(inputs: ReadonlyMap<string, FixtureArray>, caseName: string) {
  return denoiserFeeds((name) => inputs.get(`${caseName}.${name}`));
}

/** The layers and the kind of call that the manifest's module paths name. */
function placeOf(
  denoiser: Denoiser,
  inputs: ReadonlyMap<string, FixtureArray>,
  caseName: string,
  wanted: readonly unknown[],
): Pick<AttentionOp, 'layers' | 'sites'> {
  const sites = denoiser.sites(denoiserSizes(feedsOf(inputs, caseName)));
  const named = wanted.map((id) => sites.find((site) => site.id === id)).filter((site) => site !== undefined);
  const kinds = new Set(named.map((site: AttentionSite) => site.kind));
  const [kind] = kinds;
  if (named.length !== wanted.length || kind === undefined || kinds.size > 1) {
    throw new Error(`these attention calls are not one place of the network: ${wanted.join(', ')}`);
  }
  return { layers: named.map(({ layer }) => layer), sites: kind };
}

async function runEdit(
  denoiser: Denoiser,
  inputs: ReadonlyMap<string, FixtureArray>,
  caseName: string,
  edit: Edit,
  { runtime }: ParityContext,
  wanted: readonly string[],
): Promise<Record<string, Tensor>> {
  const feeds = feedsOf(inputs, caseName);
  const sizes = denoiserSizes(feeds);
  const attention = compileAttention(edit.ops, sizesOf(denoiser.sites(sizes)));
  const g = new GraphBuilder();
  denoiser.build(g, sizes, attention, (name, value) => {
    if (wanted.includes(name)) g.output(name, value);
  });
  attention.finish(g);
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  try {
    return await session.run({ ...attention.feeds(...edit.values(attention.sizes)), ...feeds });
  } finally {
    await session.release();
  }
}

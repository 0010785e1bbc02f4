import {
  type AttentionOp,
  type CaptureOp,
  compileAttention,
  dpmSdeStep,
  dynamicGuidance,
  floatTensor,
  GraphBuilder,
  type HookSizes,
  type HookValues,
  massValues,
  placeCapture,
  placeValues,
  planSegments,
  planSharing,
  type SharingRow,
  segmentStates,
  sharingValues,
  sizesOf,
  stretchFrames,
  thresholdMap,
  triangleWeights,
  WindowBlend,
} from '../../engine/index.ts';
import { data, FixtureCall } from './attentioncall.ts';
import { number, numbers } from './manifest.ts';
import type { CaseRunner, MethodCase } from './method.ts';
import { publishedLevels } from './published/publishedlevels.ts';
import { reweighting, reweightValues } from './published/reweight.ts';
import type { FixtureArray } from './types.ts';

/** DiTCtrl: segments and their conditioning, the blended update, and the attention of a pair of windows. */
export const ditctrlCases: Readonly<Record<string, CaseRunner>> = {
  kv_share_in_window: keyValueShare,
  kv_share_out_of_window: keyValueShare,
  mask_from_maps: maskFromMaps,
  masked_fg_bg: maskedSides,
  mask_guided_layers: maskGuided,
  reweight_multiply: reweight,
  schedule: schedule,
  latent_blend_step: blendStep,
  transition_conditioning: transition,
};

/** Batch rows [uncond source, uncond target, cond source, cond target]: whose keys and values each reads. */
const FROM = [0, 0, 2, 2];
const CONDITIONED = 2;

const within = (range: readonly number[], value: number) => value >= (range[0] ?? 0) && value < (range[1] ?? 0);

async function keyValueShare(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const call = new FixtureCall(testCase, { text: number(params, 'text_len') });
  const layers = within(numbers(params, 'layer_range'), number(params, 'layer')) ? [call.site.layer] : [];
  const open = within(numbers(params, 'step_range'), number(params, 'step'));
  const plan = planSharing(layers, false);
  const outputs = await call.run(plan.operations, ({ sizes }) => [
    sharingValues(plan, sizes, open ? FROM.map((from) => ({ from })) : null),
  ]);
  testCase.check('out', batchOf(call, outputs.out));
}

/** All batch rows in the fixture's layout [B, H, N, d]. */
function batchOf(call: FixtureCall, out: Parameters<FixtureCall['headsFirst']>[0]): Float32Array {
  const rows = Array.from({ length: out?.dims[0] ?? 0 }, (_, row) => call.headsFirst(out, row));
  return Float32Array.from(rows.flatMap((row) => Array.from(row)));
}

/** Layers of one network, one after the other, that only share what captures average: [B, H, N, d] each. */
async function capturedOver(
  testCase: MethodCase,
  layers: readonly { readonly q: FixtureArray; readonly k: FixtureArray }[],
  op: CaptureOp,
  values: (sizes: HookSizes) => HookValues,
): Promise<Float32Array> {
  const layout = { text: number(testCase.params, 'text_len'), frames: number(testCase.params, 'frames') };
  const calls = layers.map(({ q, k }) => new FixtureCall(testCase, layout, { q, k, v: k }));
  const sites = calls.map(({ site }, layer) => ({ ...site, layer, id: `blocks.${layer}.attn` }));
  const attention = compileAttention([op], sizesOf(sites));
  const g = new GraphBuilder();
  const feeds: Record<string, ReturnType<typeof floatTensor>> = {};
  sites.forEach((site, layer) => {
    const operands = calls[layer]?.operands;
    if (operands === undefined) return;
    const shape = [site.batch, site.tokens.text.length + site.tokens.image.length, site.heads * site.headDim];
    const input = (name: 'q' | 'k' | 'v') => {
      feeds[`${name}${layer}`] = floatTensor(operands[name], shape);
      return g.input(`${name}${layer}`, 'float32', shape);
    };
    attention.attend(g, site, { q: input('q'), k: input('k'), v: input('v') });
  });
  attention.finish(g);
  const session = await testCase.context.runtime.createSession(g.build(), { weights: 'private' });
  const outputs = await session.run({ ...feeds, ...attention.feeds(values(attention.sizes)) });
  await session.release();
  return data(outputs[op.id]);
}

/** Entry `index` of the first axis. */
function entry(array: FixtureArray, index: number): FixtureArray {
  const shape = array.shape.slice(1);
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: array.dtype, shape, data: Float32Array.from(array.data.subarray(index * size, (index + 1) * size)) };
}

const indicator = (length: number, tokens: readonly number[]) =>
  Float32Array.from({ length }, (_, token) => (tokens.includes(token) ? 1 : 0));

async function maskFromMaps(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const text = number(params, 'text_len');
  const layers = Array.from({ length: number(params, 'layers_accumulated') }, (_, layer) => ({
    q: entry(testCase.input('q'), layer),
    k: entry(testCase.input('k'), layer),
  }));
  const batch = testCase.input('q').shape[1] ?? 0;
  const perRow = <T>(value: T) => Array.from({ length: batch }, () => value);
  const each: CaptureOp = { ...placeCapture('all'), id: 'each', count: text };
  const identity = Float32Array.from({ length: text * text }, (_, i) => (i % text === Math.floor(i / text) ? 1 : 0));
  testCase.check(
    'video_to_text_mean',
    await capturedOver(testCase, layers, each, (sizes) => massValues(each, sizes, perRow(identity))),
  );
  const word = indicator(text, numbers(params, 'token_idx'));
  const mass = await capturedOver(testCase, layers, placeCapture('all'), (sizes) => placeValues(sizes, perRow(word)));
  const soft = stretchFrames(mass, batch * number(params, 'frames'));
  testCase.check('mask_soft', soft);
  testCase.check('mask_bin', thresholdMap(soft, number(params, 'thres')));
}

/** One batch row that reads its own keys and values, once as subject everywhere and once as surroundings everywhere. */
async function maskedSides(testCase: MethodCase): Promise<void> {
  const tensors = { q: testCase.input('q'), k: testCase.input('k_src'), v: testCase.input('v_src') };
  const call = new FixtureCall(testCase, { text: number(testCase.params, 'text_len') }, tensors);
  const plan = planSharing([call.site.layer], true);
  const source = thresholdMap(testCase.floats('mask_soft'), number(testCase.params, 'thres'));
  for (const [name, one] of [
    ['fg', 1],
    ['bg', 0],
  ] as const) {
    const rows: SharingRow[] = [{ from: 0, masks: { source, target: source.map(() => one) } }];
    testCase.check(name, await call.result(plan.operations, ({ sizes }) => [sharingValues(plan, sizes, rows)]));
  }
}

/** Three layers of one run: each layer's mask is of the maps read up to and with it. */
async function maskGuided(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const [text, frames] = [number(params, 'text_len'), number(params, 'frames')];
  const known: { q: FixtureArray; k: FixtureArray }[] = [];
  for (const layer of [24, 25, 26]) {
    const tensor = (name: string) => testCase.input(`${name}${layer}`);
    const [q, k, v] = [tensor('q'), tensor('k'), tensor('v')];
    known.push({ q, k });
    const mass = await capturedOver(testCase, known, placeCapture('all'), (sizes) =>
      placeValues(
        sizes,
        FROM.map((from, row) => indicator(text, numbers(params, row === from ? 'ref_token_idx' : 'cur_token_idx'))),
      ),
    );
    const tokens = mass.length / FROM.length;
    const mask = (row: number) =>
      thresholdMap(stretchFrames(mass.subarray(row * tokens, (row + 1) * tokens), frames), number(params, 'thres'));
    const masks = { source: mask(CONDITIONED), target: mask(CONDITIONED + 1) };
    const call = new FixtureCall(testCase, { text, frames }, { q, k, v });
    const plan = planSharing(within(numbers(params, 'layer_range'), layer) ? [call.site.layer] : [], true);
    const rows = FROM.map((from, row) => (row === from ? { from } : { from, masks }));
    const ops: readonly AttentionOp[] = plan.operations;
    const outputs = await call.run(ops, ({ sizes }) => [sharingValues(plan, sizes, rows)]);
    testCase.check(`out${layer}`, batchOf(call, outputs.out));
  }
}

async function reweight(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const call = new FixtureCall(testCase, { text: number(params, 'text_len') });
  const row = { tokens: [number(params, 'token_idx')], scale: number(params, 'scale') };
  testCase.check('out', await call.result(reweighting, ({ sizes }) => [reweightValues(sizes, [row])]));
}

function schedule({ params, check }: MethodCase): void {
  const steps = number(params, 'num_steps');
  const { timesteps, alphas } = publishedLevels(steps, number(params, 'shift_scale'));
  const times = Array.from(timesteps);
  check('timesteps', times);
  check('sqrt_alpha_cumprod', alphas.map(Math.sqrt));
  check(
    'guidance_scale',
    times.map((time) => dynamicGuidance(number(params, 'cfg_scale'), time, steps, number(params, 'cfg_exp'))),
  );
}

function blendStep(testCase: MethodCase): void {
  const { params } = testCase;
  const [tile, overlap] = [number(params, 'tile_size'), number(params, 'overlap_size')];
  const [prompts, transitions] = [number(params, 'num_prompts'), number(params, 'num_transition_blocks')];
  const { frames, segments } = planSegments({ prompts, tile, overlap, transitions, extra: 0 });
  const starts = segments.map(({ start }) => start);
  const expected = numbers(params, 'tile_starts');
  if (starts.join() !== expected.join()) throw new Error(`windows at ${starts} instead of ${expected}`);
  const weights = triangleWeights(tile);
  const x = testCase.floats('x');
  const frame = x.length / frames;
  const blend = new WindowBlend(frames, frame);
  const pairs = testCase.floats('pair_denoised');
  const size = tile * frame;
  for (let pair = 0; pair + 1 < segments.length; pair++)
    for (const side of [0, 1]) {
      const at = (2 * pair + side) * size;
      blend.add(starts[pair + side] ?? 0, pairs.subarray(at, at + size), weights);
    }
  const clean = blend.finish();
  testCase.check('denoised', clean);
  // The fixture's levels are square roots.
  const squared = (name: string) => number(params, name) ** 2;
  const levels = { alpha: squared('alpha'), alphaNext: squared('alpha_next'), alphaBefore: squared('alpha_prev') };
  const noise = testCase.floats('noise');
  const previousClean = testCase.floats('old_denoised');
  testCase.check('x_next', dpmSdeStep(levels, x, clean, { noise, previousClean }));
  testCase.check('x_next_first_order', dpmSdeStep(levels, x, clean, { noise }));
}

function transition(testCase: MethodCase): void {
  const { params } = testCase;
  const wishes = {
    prompts: number(params, 'num_prompts'),
    tile: 13,
    transitions: number(params, 'num_transition_blocks'),
    extra: number(params, 'longer_mid_segment'),
  };
  for (const overlap of [6, 9]) {
    const { frames, segments } = planSegments({ ...wishes, overlap });
    const expected = number(params, `video_len_tile13_ov${overlap}`);
    if (frames !== expected) throw new Error(`${frames} frames instead of ${expected}`);
    if (segments.length !== number(params, 'segments')) throw new Error(`${segments.length} segments`);
  }
  const embeds = testCase.input('prompt_embeds');
  const states = Array.from({ length: embeds.shape[0] ?? 0 }, (_, i) => Float32Array.from(entry(embeds, i).data));
  const { segments } = planSegments({ ...wishes, overlap: 6 });
  testCase.check(
    'segment_embeds',
    segments.flatMap((segment) => {
      const [from, to] = [states[segment.from], states[segment.to]];
      if (from === undefined || to === undefined)
        throw new Error(`no states of prompts ${segment.from}, ${segment.to}`);
      return Array.from(segmentStates(segment, from, to));
    }),
  );
}

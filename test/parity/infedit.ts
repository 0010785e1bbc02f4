import { alignTokens, floatTensor, GraphBuilder } from '../../engine/index.ts';
import { field, list, number, numbers } from './manifest.ts';
import { type MethodCase, runMethodCases } from './method.ts';
import { runVirtualInversion, virtualInversionStep } from './published/ddcm.ts';
import { type OperandSources, refineProbabilities, selfAttentionSources } from './published/published.ts';
import { cosine, linkInsertedRuns, refineMap, replaceMatrix, selectInOrder } from './published/tokenmaps.ts';
import { aggregateWords, chooseBranches, noiseAwareLimit, wordMask } from './published/wordmasks.ts';
import { affineField } from './toyfields.ts';
import type { FixtureRunner } from './types.ts';

/** InfEdit: virtual inversion, unified attention control, token alignment, local blend. */
export const runInfEdit: FixtureRunner = async (fixture, context) => [
  await runMethodCases(fixture, context, {
    ddcm_step: step,
    ddcm_loop: loop,
    align_refine: alignRefine,
    align_replace: alignReplace,
    cross_refine_app: (testCase) => crossRefine(testCase, SOURCE),
    cross_refine_pie: (testCase) => crossRefine(testCase, LAYOUT),
    self_route: selfRoute,
    local_blend: localBlend,
  }),
];

const SOURCE = 0;
const TARGET = 1;
const LAYOUT = 2;
const BRANCHES = 3;

function step(testCase: MethodCase): void {
  const { params } = testCase;
  const result = virtualInversionStep(
    { clean: testCase.floats('x_0'), source: testCase.floats('x_s'), branches: [testCase.floats('x_t')] },
    {
      alpha: number(params, 'alpha_t'),
      alphaNext: number(params, 'num_steps') === 1 ? 1 : number(params, 'alpha_prev'),
      eta: number(params, 'eta'),
      sourceNoise: testCase.floats('e_s'),
      branchNoises: [testCase.floats('e_t')],
      fresh: testCase.floats('noise'),
    },
  );
  testCase.check('prev_xs', result.source);
  testCase.check('prev_xt', result.branches[0] ?? []);
  testCase.check('pred_x0', result.cleans[0] ?? []);
}

async function loop(testCase: MethodCase): Promise<void> {
  const clean = testCase.floats('x0');
  const noise = testCase.floats('noise');
  const channels = testCase.input('W_src').shape[0] ?? 0;
  const trace: number[] = [];
  await runVirtualInversion({
    clean,
    start: testCase.floats('start'),
    alphas: numbers(testCase.params, 'alphas'),
    eta: number(testCase.params, 'eta'),
    branches: BRANCHES - 1,
    noise: (draw) => noise.subarray(draw * clean.length, (draw + 1) * clean.length),
    predict: async ({ latents }) =>
      latents.map((latent, branch) => {
        const side = branch === TARGET ? 'tgt' : 'src';
        const bias = testCase.floats(`b_${side}`);
        return affineField(latent, testCase.floats(`W_${side}`), (i) => bias[i] ?? 0, channels).map(Math.tanh);
      }),
    onStep: (_, { source, branches, cleans }) => {
      for (const part of [source, ...branches, ...cleans]) trace.push(...part);
    },
  });
  testCase.check('trace', trace);
}

function alignRefine(testCase: MethodCase): void {
  const length = number(testCase.params, 'max_len');
  list(testCase.params, 'pairs').forEach((_, pair) => {
    const ids = (name: string) => testCase.input(`${pair}.${name}`).data;
    const [source, target] = [ids('src_ids'), ids('tgt_ids')];
    const matched = alignTokens(source, target);
    const width = testCase.input(`${pair}.src_enc`).shape[1] ?? 0;
    const [sourceStates, targetStates] = [testCase.floats(`${pair}.src_enc`), testCase.floats(`${pair}.tgt_enc`)];
    // The reference looks up the source's states at the target's position and the other way round.
    const linked = linkInsertedRuns(matched, source.length, (s, t) => cosine(sourceStates, t, targetStates, s, width));
    const map = refineMap(linked, length);
    testCase.check(`${pair}.mapper`, map.index);
    testCase.check(`${pair}.alphas`, map.weight);
    testCase.check(`${pair}.ms`, refineMap(matched, length).weight);
    for (const [output, words] of [
      ['alpha_e', ids('edit_ids')],
      ['alpha_m', ids('mutual_ids')],
    ] as const) {
      const mask = new Float32Array(length);
      for (const position of selectInOrder(target, words.slice(1, -1))) mask[position] = 1;
      testCase.check(`${pair}.${output}`, mask);
    }
  });
}

function alignReplace(testCase: MethodCase): void {
  const split = field(testCase.params, 'split');
  list(testCase.params, 'pairs').forEach((pair, index) => {
    const [source, target] = (Array.isArray(pair) ? pair : []).map((prompt) => placeWords(String(prompt), split));
    const changed = (source ?? []).flatMap((word, i) => {
      const replacement = target?.[i];
      return replacement === undefined || replacement.word === word.word
        ? []
        : [{ source: word.tokens, target: replacement.tokens }];
    });
    const expected = testCase.expected(`${index}.mapper`);
    testCase.check(`${index}.mapper`, replaceMatrix(changed, expected.shape[0] ?? 0, 'published'));
  });
}

/** Words of a toy prompt with their token positions; the start mark stands at 0. */
function placeWords(prompt: string, split: unknown): { word: string; tokens: number[] }[] {
  let next = 1;
  return prompt.split(' ').map((word) => {
    const pieces = field(split, word);
    const tokens = Array.from({ length: Array.isArray(pieces) ? pieces.length : 1 }, () => next++);
    return { word, tokens };
  });
}

function crossRefine(testCase: MethodCase, baseBranch: number): void {
  const { params } = testCase;
  const probabilities = testCase.floats('probs');
  const [, rows = 0, columns = 0] = testCase.input('probs').shape;
  const heads = number(params, 'heads');
  const size = heads * rows * columns;
  const branch = (index: number) => probabilities.subarray((BRANCHES + index) * size, (BRANCHES + index + 1) * size);
  const map = { index: testCase.input('mapper').data, weight: testCase.floats('alphas') };
  const refined = (base: number) => refineProbabilities(branch(base), branch(TARGET), columns, map);
  const out = Float32Array.from(probabilities);
  if (number(params, 'progress') <= number(params, 'cross_replace'))
    out.set(refined(baseBranch), (BRANCHES + TARGET) * size);
  testCase.check('probs', out);
  testCase.check('store_source', refined(SOURCE));
  testCase.check('store_layout', refined(LAYOUT));
}

/** Branches are [source, target, layout], twice with guidance; every head is a row of its own. */
async function selfRoute(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const heads = number(params, 'heads');
  const [count = 0, tokens = 0, width = 0] = testCase.input('q').shape;
  const sources = selfAttentionSources(number(params, 'progress') < number(params, 'self_replace'));
  const size = heads * tokens * width;
  const routed = (operand: keyof OperandSources) => {
    const data = testCase.floats(operand);
    const out = new Float32Array(data.length);
    for (let row = 0; row * size < data.length; row++) {
      const half = row - (row % BRANCHES);
      const from = half + (sources[row % BRANCHES]?.[operand] ?? 0);
      out.set(data.subarray(from * size, (from + 1) * size), row * size);
    }
    return out;
  };
  const [q, k, v] = [routed('q'), routed('k'), routed('v')];
  for (const [name, value] of Object.entries({ q, k, v })) testCase.check(name, value);

  const shape = [count, tokens, width];
  const g = new GraphBuilder();
  const inputs = (['q', 'k', 'v'] as const).map((name) => g.input(name, 'float32', shape));
  const [qi, ki, vi] = inputs;
  if (qi === undefined || ki === undefined || vi === undefined) throw new Error('three inputs');
  g.output('out', g.multiHeadAttention(qi, ki, vi, { heads: 1, scale: number(params, 'scale') }));
  const session = await testCase.context.runtime.createSession(g.build(), { weights: 'private' });
  const feeds = { q: floatTensor(q, shape), k: floatTensor(k, shape), v: floatTensor(v, shape) };
  const { out } = await session.run(feeds);
  await session.release();
  testCase.check('attn_out', out?.dtype === 'float32' ? out.data : []);
}

function localBlend(testCase: MethodCase): void {
  const { params } = testCase;
  const [layers = 0, stackHeads = 0, cells = 0, words = 0] = testCase.input('maps').shape;
  const stack = { data: testCase.floats('maps'), layers, heads: stackHeads, cells, words };
  const heads = number(params, 'heads');
  const side = number(params, 'grid');
  const [height = 0, width = 0] = testCase.expected('choice').shape;
  const offset = number(params, 'column_offset');
  const edited = testCase.floats('alpha_e').slice(offset);
  const kept = testCase.floats('alpha_m').slice(offset);
  const both = edited.map((value, i) => value * (kept[i] ?? 0));
  const keptOnly = kept.map((value, i) => value - (both[i] ?? 0));
  const mask = (selected: Float32Array, range: readonly [number, number], limit: number) =>
    wordMask(
      aggregateWords(stack, selected, 'max', range),
      { height: side, width: side },
      { height, width },
      limit,
      false,
    );
  const ofSource = [0, heads] as const;
  const ofLayout = [heads, 2 * heads] as const;
  const limit = number(params, 'thresh_e');
  const choice = chooseBranches(
    {
      edited: mask(
        edited,
        ofLayout,
        noiseAwareLimit(limit, Math.sqrt(number(params, 'alpha_prod')), number(params, 'temperature')),
      ),
      kept: mask(keptOnly, ofSource, number(params, 'thresh_m')),
      ...(field(params, 'use_xm') === true ? { mutual: mask(both, ofLayout, limit) } : {}),
    },
    height * width,
  );
  testCase.check('choice', choice);
}

import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../../native/runtime.ts';
import { callGraph, runCall, siteOf } from '../../../test/attention-harness.ts';
import { numbers, randomOperands } from '../../../test/attention-random.ts';
import { compileAttention } from '../../attention/compile.ts';
import type { AttentionOp } from '../../attention/ops.ts';
import { type HookSizes, sizesOf } from '../../attention/sizes.ts';
import type { HookValues } from '../../attention/values.ts';
import { ownLayers, placeCapture, placeValues, planSharing, sharingValues } from './pairsharing.ts';

const runtime = createOnnxRuntime({ threads: 1 });
const image = { frames: 2, height: 2, width: 3 };
const site = siteOf({ batch: 4, heads: 2, headDim: 4, text: 3, image, order: 'text first' });
const operands = randomOperands(numbers(1), site);
const tokens = 12;

async function outputs(ops: readonly AttentionOp[], values: (sizes: HookSizes) => HookValues = () => ({})) {
  return (await runCall(runtime, site, ops, operands, ({ sizes }) => [values(sizes)])).outputs;
}
const out = async (...call: Parameters<typeof outputs>) => Array.from((await outputs(...call)).out?.data ?? [], Number);

/** The pair [uncond earlier, uncond later, cond earlier, cond later]. */
const FROM = [0, 0, 2, 2];
const rowLength = (3 + tokens) * 8;
const row = (all: readonly number[], at: number) => all.slice(at * rowLength, (at + 1) * rowLength);
const far = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));

describe('sharing of a pair', () => {
  it.each([true, false])('changes nothing while it is closed (masked: %s)', async (masked) => {
    const plan = planSharing([0], masked);
    expect(far(await out(plan.operations, (sizes) => sharingValues(plan, sizes, null)), await out([]))).toBeLessThan(
      1e-6,
    );
  });

  it("leaves the earlier window alone and gives the later one the other's keys and values", async () => {
    const plan = planSharing([0], false);
    const shared = await out(plan.operations, (sizes) =>
      sharingValues(
        plan,
        sizes,
        FROM.map((from) => ({ from })),
      ),
    );
    const own = await out([]);
    for (const earlier of [0, 2]) expect(row(shared, earlier)).toEqual(row(own, earlier));
    for (const later of [1, 3]) expect(far(row(shared, later), row(own, later))).toBeGreaterThan(0.01);
  });

  it('is the plain sharing where everything is subject, in other layers nothing', async () => {
    const [plain, masked] = [planSharing([0], false), planSharing([0], true)];
    const ones = new Float32Array(tokens).fill(1);
    const rows = FROM.map((from, at) => (at === from ? { from } : { from, masks: { source: ones, target: ones } }));
    const expected = await out(plain.operations, (sizes) => sharingValues(plain, sizes, rows));
    expect(far(await out(masked.operations, (sizes) => sharingValues(masked, sizes, rows)), expected)).toBeLessThan(
      1e-5,
    );
    const elsewhere = planSharing([7], true);
    expect(await out(elsewhere.operations, (sizes) => sharingValues(elsewhere, sizes, rows))).toEqual(await out([]));
  });

  it('shows the later subject the earlier subject only', async () => {
    const plan = planSharing([0], true);
    const source = Float32Array.from({ length: tokens }, (_, i) => Number(i < 5));
    const target = Float32Array.from({ length: tokens }, (_, i) => Number(i % 2 === 0));
    const rows = FROM.map((from, at) => (at === from ? { from } : { from, masks: { source, target } }));
    const before = await out(plan.operations, (sizes) => sharingValues(plan, sizes, rows));
    // Other values outside the earlier subject: the later subject's rows must not notice.
    const v = operands.v.slice();
    for (const earlier of [0, 2]) v.fill(9, earlier * rowLength + (3 + 5) * 8, (earlier + 1) * rowLength);
    const result = await runCall(runtime, site, plan.operations, { ...operands, v }, ({ sizes }) => [
      sharingValues(plan, sizes, rows),
    ]);
    const after = Array.from(result.outputs.out?.data ?? [], Number);
    for (let token = 0; token < tokens; token++) {
      const at = rowLength + (3 + token) * 8;
      const distance = far(after.slice(at, at + 8), before.slice(at, at + 8));
      if (target[token] === 1) expect(distance).toBeLessThan(1e-5);
      else expect(distance).toBeGreaterThan(0.1);
    }
  });

  it('builds no map of all tokens by all tokens', () => {
    for (const ops of [planSharing([0], true).operations, [placeCapture('all')]]) {
      const graph = new TextDecoder('latin1').decode(callGraph(site, compileAttention(ops, sizesOf([site]))).bytes);
      expect(graph).toContain('MultiHeadAttention');
      expect(graph).not.toContain('Softmax');
      expect(graph).not.toContain('MatMul');
    }
  });

  it('reads what falls on a word', async () => {
    const word = Float32Array.of(0, 1, 1);
    const weights = FROM.map(() => word);
    const place = (await outputs([placeCapture('all')], (sizes) => placeValues(sizes, weights)))['word-place'];
    expect(place?.dims).toEqual([4, tokens, 1]);
    for (const value of Array.from(place?.data ?? [], Number)) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
  });

  it('reads where a word is in front of the shared layers, since in them the later window shows the earlier one', async () => {
    const weights = FROM.map(() => Float32Array.of(0, 1, 1));
    const plan = planSharing([0], false);
    const read = async (ops: readonly AttentionOp[]) => {
      const captured = await outputs([...ops, placeCapture('all')], (sizes) => ({
        ...placeValues(sizes, weights),
        ...(ops.length === 0
          ? {}
          : sharingValues(
              plan,
              sizes,
              FROM.map((from) => ({ from })),
            )),
      }));
      const all = Array.from(captured['word-place']?.data ?? [], Number);
      return FROM.map((_, at) => all.slice(at * tokens, (at + 1) * tokens));
    };
    const [own, shared] = [await read([]), await read(plan.operations)];
    expect(far(shared[0] ?? [], own[0] ?? [])).toBe(0);
    expect(far(shared[1] ?? [], own[1] ?? [])).toBeGreaterThan(1e-3);
    expect(ownLayers(30, [25, 26, 27, 28, 29])).toEqual(Array.from({ length: 25 }, (_, layer) => layer));
    expect(ownLayers(2, [0, 1])).toBe('all');
  });
});

import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine } from '../../test/embedded.ts';
import { encodePrompt } from '../conditioning/conditioning.ts';
import { openBranches } from './branches.ts';
import { wordWeights } from './wordweights.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

/** By how much the column of "apple" is multiplied: before the softmax is normalised, and after. */
async function factorsOf(weight: number): Promise<readonly number[]> {
  const condition = await encodePrompt(model, `a (apple:${weight}), on grass`);
  const branches = await openBranches(model, {
    branches: [{ name: 'target', condition, guidance: 1 }],
    frames: 1,
    height: 16,
    width: 16,
  });
  const { values } = wordWeights(branches);
  const bias = Array.from(values['weights.bias']?.data ?? [], Number);
  const gain = Array.from(values['weights.gain']?.data ?? bias.map(() => 1), Number);
  const changed = bias.flatMap((value, at) => (value !== 0 || gain[at] !== 1 ? [at] : []));
  expect(changed).toHaveLength(1);
  const [at = -1] = changed;
  return [Math.exp(bias[at] ?? Number.NaN), gain[at] ?? Number.NaN];
}

describe('a word weight', () => {
  it.each([
    [0.5, 0.5, 1],
    [2, 2, 1],
    [3, 3, 1],
    // Both factors together are the weight.
    [6, 3, 2],
    [4.5, 3, 1.5],
    [-2, 1, -2],
  ])('of %d multiplies the probability by %d and the value by %d', async (weight, probability, value) => {
    const [first, second] = await factorsOf(weight);
    expect(first).toBeCloseTo(probability, 5);
    expect(second).toBeCloseTo(value, 5);
  });
});

import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../native/runtime.ts';
import { fixture, noFixtures } from './fixtures.ts';
import { primitiveCases } from './parity/attention.ts';
import { attentionControlCases } from './parity/attentioncontrol.ts';
import { runAttentionEdits } from './parity/attentionedits.ts';
import { flowControlCases } from './parity/flowcontrol.ts';
import { runMethodCases } from './parity/method.ts';

describe.skipIf(noFixtures)(`attention against the fixtures${noFixtures ? ` (skipped: ${noFixtures})` : ''}`, () => {
  const context = { runtime: createOnnxRuntime({ threads: 1 }) };

  it('computes every identity of methods/primitives', async () => {
    const result = await runMethodCases(fixture('methods/primitives'), context, primitiveCases);
    expect(result).toMatchObject({ status: 'PASS' });
  });

  it('computes every form of control of methods/mmdit-control', async () => {
    const cases = { ...attentionControlCases, ...flowControlCases };
    const result = await runMethodCases(fixture('methods/mmdit-control'), context, cases);
    expect(result).toMatchObject({ status: 'PASS' });
  });

  it('edits the attention of SD3, SD3.5, FLUX.1 and CogVideoX as the reference does', async () => {
    const results = await runAttentionEdits(fixture('attention-edits'), context);
    const passed = results.filter(({ status }) => status === 'PASS').map(({ path }) => path.split('/').at(-1));
    expect(passed).toEqual(expect.arrayContaining(['sd3', 'sd35', 'flux-dev', 'cogvideox-2b', 'cogvideox-5b']));
    expect(results.filter(({ status }) => status === 'FAIL')).toEqual([]);
  });
});

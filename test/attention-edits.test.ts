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

  it('edits the attention of SD3 and SD3.5 as the reference does', async () => {
    const results = await runAttentionEdits(fixture('attention-edits'), context);
    const ours = results.filter(({ path }) => /\/sd3(5)?$/.test(path));
    expect(ours.map(({ status, detail }) => ({ status, detail }))).toEqual([
      { status: 'PASS', detail: expect.any(String) },
      { status: 'PASS', detail: expect.any(String) },
    ]);
  });
});

import { afterEach, expect } from 'vitest';
import { type Carrier, openStage, overShell, overSocket, type Stage, type StageOptions } from './editor-stage.ts';

/** What the editor is carried by; every spec of it holds on each. */
export const CARRIERS: readonly { readonly name: string; readonly carrier: Carrier }[] = [
  { name: 'attune serve', carrier: overSocket },
  { name: 'the shell', carrier: overShell },
];

/** Opens stages for the tests of a file; each is closed after its test, and must have asked no stranger and complained of nothing. */
export function stagesOfTests(): (options?: StageOptions) => Promise<Stage> {
  const stages: Stage[] = [];
  afterEach(async () => {
    for (const stage of stages.splice(0)) {
      await stage.close();
      expect(stage.strangers).toEqual([]);
      expect(stage.complaints).toEqual([]);
    }
  });
  return async (options) => {
    const stage = await openStage(options);
    stages.push(stage);
    return stage;
  };
}

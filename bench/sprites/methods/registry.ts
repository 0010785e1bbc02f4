import { codedTarget, trueTarget } from './ceilings.ts';
import { doNothing } from './do-nothing.ts';
import type { BenchMethod } from './method.ts';
import { newPrompt } from './new-prompt.ts';
import { pinned } from './pinned.ts';
import { productMethod, type Settings } from './product.ts';
import { sdedit } from './sdedit.ts';

const EDITS = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6'];

/** Methods of the product and the tasks they are for, one line each. */
const PRODUCT: Readonly<Record<string, readonly string[]>> = {
  generate: ['T0', 'T7', 'T8'],
  inpaint: ['T6'],
  flowedit: EDITS,
  'prompt-edit': EDITS,
};

/** Every row, one line each, in the order of the tables. */
export const methods: readonly BenchMethod[] = [
  trueTarget,
  codedTarget,
  doNothing,
  ...[0.5, 0.6, 0.7].map(sdedit),
  newPrompt,
  pinned,
  ...Object.entries(PRODUCT).map(([id, tasks]) => productMethod(id, tasks)),
];

/** A method of the product with other settings, or undefined for an unknown name. */
export function withSettings(id: string, settings: Settings): BenchMethod | undefined {
  const tasks = PRODUCT[id];
  return tasks === undefined ? undefined : productMethod(id, tasks, settings);
}

/** Methods that the benchmark has a task for and the product no code yet. */
export const plannedMethods: Readonly<Record<string, string>> = {
  'ir-diffusion': 'T7',
  attencraft: 'T7',
  'hd-painter': 'T6',
  vimaedit: 'T1 to T5',
  'box layout': 'T8',
  'dreamvideo-2': 'T9 to T11',
  broadway: 'T9',
};

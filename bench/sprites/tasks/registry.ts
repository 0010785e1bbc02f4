import { add } from './add.ts';
import { changeColour } from './change-colour.ts';
import { changeObject } from './change-object.ts';
import { changePlace } from './change-place.ts';
import { consistency } from './consistency.ts';
import { generate } from './generate.ts';
import { inpaint } from './inpaint.ts';
import { layout } from './layout.ts';
import { remove } from './remove.ts';
import type { Task } from './task.ts';

/** Every task, one line each. */
export const tasks: readonly Task[] = [
  generate,
  changeObject,
  changeColour,
  add,
  remove,
  changePlace,
  inpaint,
  consistency,
  layout,
];

/** Tasks of the benchmark on clips, which `npm run spritebench:video` runs. */
export const videoTasks: Readonly<Record<string, string>> = {
  T9: 'video motion',
  T10: 'video edit',
  T11: 'several prompts, one video',
};

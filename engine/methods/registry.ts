import { flowedit } from './flowedit.ts';
import { generate } from './generate.ts';
import { inpaint } from './inpaint.ts';
import type { Method } from './method.ts';
import { promptEdit } from './prompt-edit.ts';

/** Every method, one line each. */
export const methods: readonly Method[] = [generate, promptEdit, flowedit, inpaint];

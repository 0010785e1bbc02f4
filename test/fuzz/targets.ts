import { calls } from './calls.ts';
import { checkpoints } from './checkpoints.ts';
import { clips } from './clips.ts';
import { pictures } from './pictures.ts';
import type { Target } from './target.ts';

/** Whatever is tried with damaged inputs in a process of its own; a new one is a file and a line. */
export const TARGETS: readonly Target[] = [...pictures, ...clips, ...checkpoints, ...calls];

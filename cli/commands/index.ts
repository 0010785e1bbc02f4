import type { Command } from '../command.ts';
import { backup } from './backup.ts';
import { batch } from './batch.ts';
import { doctor } from './doctor.ts';
import { edit } from './edit.ts';
import { generate } from './generate.ts';
import { inpaint } from './inpaint.ts';
import { inspect } from './inspect.ts';
import { models } from './models.ts';
import { redo } from './redo.ts';
import { restore } from './restore.ts';
import { select } from './select.ts';
import { serve } from './serve.ts';
import { upscale } from './upscale.ts';
import { video } from './video.ts';

/** Every command, in the order of the help. A new one is a file and a line. */
export const COMMANDS: readonly Command[] = [
  generate,
  edit,
  inpaint,
  select,
  video,
  upscale,
  batch,
  inspect,
  redo,
  models,
  serve,
  backup,
  restore,
  doctor,
];

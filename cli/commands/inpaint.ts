import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { runJob } from '../job.ts';
import { REGION_OPTIONS } from '../region.ts';
import { LENGTH_OPTIONS, RUN_OPTIONS, START_OPTION } from '../request.ts';
import { methodHelp } from './methods.ts';

export const inpaint: Command = {
  name: 'inpaint',
  summary: 'repaint the white part of a mask',
  arguments: [{ name: 'IN', required: true, summary: 'the picture or clip to edit; - is standard input' }],
  options: [
    {
      name: 'mask',
      type: 'text',
      value: 'PNG',
      summary: 'white is repainted, black stays as it is; holds for every frame',
    },
    { name: 'prompt', short: 'p', type: 'text', value: 'TEXT', summary: 'what the whole picture shall show' },
    ...REGION_OPTIONS,
    START_OPTION,
    ...LENGTH_OPTIONS,
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: ['attune inpaint in.png --mask mask.png --prompt "a cat on a sofa" -o out.png'],
  moreHelp: (host) => methodHelp(host, ({ inputs }) => inputs.mask === 'required'),
  run: (values, host) =>
    runJob(values, host, {
      method: 'inpaint',
      prompt: values.required('prompt', 'say what the whole picture shall show'),
      source: { path: values.arguments[0] ?? '-', kind: 'any' },
    }),
};

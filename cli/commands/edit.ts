import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { runJob } from '../job.ts';
import { REGION_OPTIONS } from '../region.ts';
import { LENGTH_OPTIONS, RUN_OPTIONS, START_OPTION } from '../request.ts';
import { methodHelp } from './methods.ts';

export const edit: Command = {
  name: 'edit',
  summary: 'change a picture or clip from what one prompt says to what another says',
  arguments: [{ name: 'IN', required: true, summary: 'the picture or clip to edit; - is standard input' }],
  options: [
    { name: 'from', type: 'text', value: 'TEXT', summary: 'what it shows' },
    { name: 'to', type: 'text', value: 'TEXT', summary: 'what it shall show; (word:1.3) gives a word more weight' },
    { name: 'mask', type: 'text', value: 'PNG', summary: 'white may change, black stays as it is' },
    ...REGION_OPTIONS,
    START_OPTION,
    ...LENGTH_OPTIONS,
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: [
    'attune edit in.png --from "a red apple on grass" --to "a green apple on grass" -o out.png --maps maps',
    'attune edit in.mp4 --from "a red apple on grass" --to "a blue apple on grass" -o out.mp4',
  ],
  moreHelp: (host) => methodHelp(host, ({ inputs }) => inputs.source === 'required' && inputs.mask !== 'required'),
  run: (values, host) =>
    runJob(values, host, {
      method: 'prompt-edit',
      prompt: values.required('to', 'say what the result shall show'),
      source: { path: values.arguments[0] ?? '-', kind: 'any' },
    }),
};

import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { runJob } from '../job.ts';
import { LENGTH_OPTIONS, RUN_OPTIONS } from '../request.ts';
import { methodHelp } from './methods.ts';

export const generate: Command = {
  name: 'generate',
  summary: 'make a picture from a prompt, or a clip where the checkpoint makes videos',
  arguments: [],
  options: [
    {
      name: 'prompt',
      short: 'p',
      type: 'text',
      value: 'TEXT',
      summary: 'what the picture shows; (word:1.3) gives a word more weight',
    },
    ...LENGTH_OPTIONS,
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: ['attune generate --prompt "a red apple on grass" --seed 7 -o apple.png'],
  moreHelp: (host) => methodHelp(host, ({ inputs }) => inputs.source === undefined && inputs.segments === undefined),
  run: (values, host) =>
    runJob(values, host, { method: 'generate', prompt: values.required('prompt', 'say what the picture shall show') }),
};

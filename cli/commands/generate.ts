import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { planOutput } from '../output.ts';
import { findMethod, type InputNames, RUN_OPTIONS, readRequest } from '../request.ts';
import { outcomeOf, runAndWrite } from '../run.ts';
import { methodHelp } from './methods.ts';

const NAMES: InputNames = {
  source: 'a picture to edit (see "attune edit")',
  mask: 'a mask (see "attune inpaint")',
  prompt: '--prompt TEXT',
  segments: 'several prompts (see "attune video")',
  sourcePrompt: 'a description of a source (see "attune edit")',
  negative: '--negative TEXT',
};

export const generate: Command = {
  name: 'generate',
  summary: 'make a picture from a prompt',
  arguments: [],
  options: [
    {
      name: 'prompt',
      short: 'p',
      type: 'text',
      value: 'TEXT',
      summary: 'what the picture shows; (word:1.3) gives a word more weight',
    },
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: ['attune generate --prompt "a red apple on grass" --seed 7 -o apple.png'],
  moreHelp: (host) => methodHelp(host, ({ makes, inputs }) => makes === 'picture' && inputs.source === undefined),
  async run(values, host) {
    const engine = await host.engine();
    const method = findMethod(engine, values.text('method') ?? 'generate', 'picture');
    const request = readRequest(values, engine, method, { prompt: values.text('prompt') }, NAMES);
    const plan = await planOutput(values);
    return outcomeOf(await runAndWrite({ request, media: {}, plan }, values, host));
  },
};

import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { editPicture } from '../edit.ts';
import { RUN_OPTIONS } from '../request.ts';
import { methodHelp } from './methods.ts';

export const inpaint: Command = {
  name: 'inpaint',
  summary: 'repaint the white part of a mask',
  arguments: [{ name: 'IN', required: true, summary: 'the picture to edit; - is standard input' }],
  options: [
    { name: 'mask', type: 'text', value: 'PNG', summary: 'white is repainted, black stays as it is' },
    { name: 'prompt', short: 'p', type: 'text', value: 'TEXT', summary: 'what the whole picture shall show' },
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: ['attune inpaint in.png --mask mask.png --prompt "a cat on a sofa" -o out.png'],
  moreHelp: (host) => methodHelp(host, ({ makes, inputs }) => makes === 'picture' && inputs.mask === 'required'),
  run: (values, host) =>
    editPicture(values, host, {
      method: 'inpaint',
      prompt: 'prompt',
      names: {
        source: 'a picture',
        mask: '--mask PNG',
        prompt: '--prompt TEXT',
        segments: 'several prompts (see "attune video")',
        sourcePrompt: 'a description of the source (see "attune edit")',
        negative: '--negative TEXT',
      },
    }),
};

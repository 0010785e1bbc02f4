import type { Command } from '../command.ts';
import { COMMON_OPTIONS } from '../command.ts';
import { editPicture } from '../edit.ts';
import { RUN_OPTIONS } from '../request.ts';
import { methodHelp } from './methods.ts';

export const edit: Command = {
  name: 'edit',
  summary: 'change a picture from what one prompt says to what another says',
  arguments: [{ name: 'IN', required: true, summary: 'the picture to edit; - is standard input' }],
  options: [
    { name: 'from', type: 'text', value: 'TEXT', summary: 'what the picture shows' },
    { name: 'to', type: 'text', value: 'TEXT', summary: 'what it shall show; (word:1.3) gives a word more weight' },
    { name: 'mask', type: 'text', value: 'PNG', summary: 'white may change, black stays as it is' },
    ...RUN_OPTIONS,
    ...COMMON_OPTIONS,
  ],
  examples: ['attune edit in.png --from "a red apple on grass" --to "a green apple on grass" -o out.png --maps maps'],
  moreHelp: (host) =>
    methodHelp(
      host,
      ({ makes, inputs }) => makes === 'picture' && inputs.source === 'required' && inputs.mask !== 'required',
    ),
  run: (values, host) =>
    editPicture(values, host, {
      method: 'prompt-edit',
      prompt: 'to',
      names: {
        source: 'a picture',
        mask: '--mask PNG',
        prompt: '--to TEXT',
        segments: 'several prompts (see "attune video")',
        sourcePrompt: '--from TEXT, which says what the picture shows now',
        negative: '--negative TEXT',
      },
    }),
};

import { checkMask, type Pixels, toMask } from '../engine/index.ts';
import type { Outcome } from './command.ts';
import type { Host } from './host.ts';
import { isSameFile, loadPicture } from './media.ts';
import type { Values } from './options.ts';
import { planOutput } from './output.ts';
import { findMethod, type InputNames, readRequest } from './request.ts';
import { outcomeOf, runAndWrite } from './run.ts';

/** What sets `edit` and `inpaint` apart. */
export interface EditKind {
  /** Method without `--method`. */
  readonly method: string;
  /** The option that holds the target prompt. */
  readonly prompt: string;
  readonly names: InputNames;
}

/** Edits the picture that the first argument names. */
export async function editPicture(values: Values, host: Host, kind: EditKind): Promise<Outcome> {
  const [path = '-'] = values.arguments;
  const engine = await host.engine();
  const method = findMethod(engine, values.text('method') ?? kind.method, 'picture');
  const plan = await planOutput(values);
  const source = await loadPicture(path, host);
  const maskPath = values.text('mask');
  const mask = maskPath === undefined ? undefined : await loadPicture(maskPath, host);
  const sourcePrompt = values.has('from') ? values.text('from') : undefined;
  const request = readRequest(
    values,
    engine,
    method,
    {
      source: source.ref,
      ...(mask && { mask: mask.ref }),
      ...(sourcePrompt !== undefined && { sourcePrompt }),
      prompt: values.text(kind.prompt),
    },
    kind.names,
  );
  if (await isSameFile(path, plan.path))
    host.writeErr(
      `attune: ${path} is replaced by its edit; without a copy of it, "attune redo" cannot make the edit again\n`,
    );
  const media = { source: source.pixels, ...(mask && { mask: readMask(mask.pixels, source.pixels, host) }) };
  return outcomeOf(await runAndWrite({ request, media, plan }, values, host));
}

/** One channel, 255 = repaint; says how a file was understood whose transparency counts. */
export function readMask(picture: Pixels, source: Pixels, host: Pick<Host, 'writeErr'>): Pixels {
  const { mask, reading } = toMask(picture);
  if (reading === 'painted') host.writeErr('attune: the mask repaints where it is painted white on transparency\n');
  if (reading === 'transparent') host.writeErr('attune: the mask repaints where it is transparent\n');
  checkMask(mask, source);
  return mask;
}

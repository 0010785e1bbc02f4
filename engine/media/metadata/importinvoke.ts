import type { Imported } from '../../../contract/index.ts';
import { ImportDraft } from './importdraft.ts';
import { isObject, listOf, own, textOf } from './json.ts';

/** Readers of what the versions of InvokeAI write. */

export function importInvoke(json: unknown): Imported | undefined {
  if (!isObject(json)) return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(json, name);
  draft.prompt(get('positive_prompt'));
  draft.negative(get('negative_prompt'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('guidance') ?? get('cfg_scale'));
  draft.size(get('width'), get('height'));
  draft.model(get('model'));
  draft.sampler(get('scheduler'));
  for (const lora of listOf(get('loras'))) draft.lora(own(lora, 'model') ?? own(lora, 'lora'));
  if (get('init_image') !== undefined) draft.strength(get('strength'));
  if (listOf(get('controlnets')).length > 0) draft.note('It used a ControlNet, which cannot be loaded here.');
  return draft.finish('InvokeAI');
}

/** InvokeAI 1 and 2: the values lie in `image`; the negative stands in square brackets inside the prompt. */
export function importOldInvoke(json: unknown): Imported | undefined {
  const image = own(json, 'image');
  if (!isObject(image)) return undefined;
  const get = (name: string) => own(image, name);
  const given = get('prompt');
  const parts = listOf(given).flatMap((part) => textOf(own(part, 'prompt')) ?? textOf(part) ?? []);
  const draft = new ImportDraft();
  oldInvokePrompt(textOf(given) ?? parts.join(' '), draft);
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('cfg_scale'));
  draft.size(get('width'), get('height'));
  draft.model(own(json, 'model_weights'));
  draft.sampler(get('sampler'));
  if (textOf(get('type')) === 'img2img') draft.strength(get('strength'));
  return draft.finish('InvokeAI');
}

/** The first InvokeAI's command line: `"a cat" -s 50 -S 7 -W 512 -H 512 -C 7.5 -A k_lms`. */
export function importDream(text: string): Imported | undefined {
  const start = text.indexOf('"');
  const cut = text.slice(0, start).trim() === '' ? promptEnd(text, start) : undefined;
  if (cut === undefined) return undefined;
  const rest = text.slice(cut + 1);
  const get = (letter: string) => new RegExp(`(?:^|\\s)-${letter}\\s?([\\w.+-]{1,40})`).exec(rest)?.[1];
  const draft = new ImportDraft();
  oldInvokePrompt(text.slice(start + 1, cut).replace(/\\(["\\])/g, '$1'), draft);
  draft.seed(get('S'));
  draft.steps(get('s'));
  draft.guidance(get('C'));
  draft.size(get('W'), get('H'));
  draft.sampler(get('A'));
  return draft.finish('InvokeAI');
}

const OPTIONS = /^(?:\s+--?[A-Za-z]\w{0,40}(?:[ =]?(?:"[^"]{0,500}"|[^\s"]{1,500}))?){1,60}\s*$/;
const MAX_QUOTES = 40;
const MAX_OPTIONS = 4_000;

/** The quotation mark that ends the prompt: the first behind which nothing but options stands, since a prompt may hold some. */
function promptEnd(text: string, start: number): number | undefined {
  let found: number | undefined;
  let at = text.length;
  for (let tries = 0; tries < MAX_QUOTES && text.length - at <= MAX_OPTIONS; tries++) {
    at = text.lastIndexOf('"', at - 1);
    if (at <= start) break;
    if (OPTIONS.test(text.slice(at + 1))) found = at;
  }
  return found;
}

function oldInvokePrompt(text: string, draft: ImportDraft): void {
  const negatives: string[] = [];
  const prompt = text.replace(/\[([^[\]]*)\]/g, (_all, inner) => {
    negatives.push(String(inner).trim());
    return '';
  });
  draft.prompt(prompt.replace(/ {2,}/g, ' '));
  draft.negative(negatives.join(', '));
}

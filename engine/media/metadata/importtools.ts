import type { Imported } from '../../../contract/index.ts';
import { type CommonParameters, readCommonParameters } from './a1111.ts';
import { ImportDraft, quoted } from './importdraft.ts';
import { isObject, listOf, own, textOf } from './json.ts';
import { parseLooseJson } from './limits.ts';

/** Readers of tools that write plain values: each takes parsed JSON or a text, and gives undefined for what is not its own. */

/** The common tongue; also of Forge, SD.Next, stable-diffusion.cpp and others that write `Version` or `App`. */
export function importCommon(text: string, tool?: string): Imported | undefined {
  const parameters = readCommonParameters(text);
  if (parameters.settings.size === 0) return undefined;
  const { settings } = parameters;
  const get = (name: string) => settings.get(name);
  const draft = new ImportDraft();
  draft.prompt(parameters.prompt);
  draft.negative(parameters.negative);
  draft.seed(get('Seed'));
  draft.steps(get('Steps'));
  draft.guidance(get('Distilled CFG Scale') ?? get('CFG scale') ?? get('Guidance'));
  draft.size(get('Size-1'), get('Size-2'));
  draft.model(get('Model'));
  draft.sampler(get('Sampler'), get('Schedule type'));
  draft.strength(get('Denoising strength'));
  if (get('Hires upscale') !== undefined) draft.note('It was enlarged in a second pass, which is not done here.');
  const [line] = parameters.unread;
  if (line !== undefined) draft.note(`Behind its settings stand lines that were not read: ${quoted(line)}.`);
  for (const key of settings.keys()) {
    if (/^ControlNet \d/.test(key)) draft.note('It used a ControlNet, which cannot be loaded here.');
    if (/^ADetailer model/.test(key)) draft.note('Parts of it were redone by ADetailer, which is not done here.');
  }
  return draft.finish(tool ?? commonTool(parameters));
}

function commonTool({ settings }: CommonParameters): string {
  const version = settings.get('Version') ?? '';
  if (/^Attune/.test(version)) return 'Attune';
  if (/^f\d|forge/i.test(version)) return 'Forge';
  if (/^Fooocus/i.test(version)) return 'Fooocus';
  if (/stable-diffusion\.cpp/i.test(version)) return 'stable-diffusion.cpp';
  return /SD\.Next/i.test(settings.get('App') ?? '') ? 'SD.Next' : 'A1111';
}

export function importSwarm(json: unknown): Imported | undefined {
  const params = own(json, 'sui_image_params');
  if (!isObject(params)) return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(params, name);
  draft.prompt(get('prompt'));
  draft.negative(get('negativeprompt'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('fluxguidancescale') ?? get('cfgscale'));
  draft.size(get('width'), get('height'));
  draft.model(get('model'));
  draft.sampler(get('sampler'), get('scheduler'));
  for (const lora of listOf(get('loras'))) draft.lora(lora);
  if (get('initimage') !== undefined) draft.strength(get('initimagecreativity'));
  return draft.finish('SwarmUI');
}

/** Fooocus writes its own JSON or the common text, and says which. */
export function importFooocus(json: unknown): Imported | undefined {
  if (!isObject(json)) return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(json, name);
  draft.prompt(get('prompt'));
  draft.negative(get('negative_prompt'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('guidance_scale'));
  const size = /^\((\d{1,6}), ?(\d{1,6})\)$/.exec(textOf(get('resolution')) ?? '');
  if (size) draft.size(size[1], size[2]);
  draft.model(get('base_model'));
  draft.sampler(get('sampler'), get('scheduler'));
  for (let index = 1; index <= 10; index++) draft.lora(textOf(get(`lora_combined_${index}`))?.split(' : ')[0]);
  for (const lora of listOf(get('loras'))) draft.lora(listOf(lora)[0]);
  const styles = textOf(get('styles'));
  if (styles !== undefined && styles !== '[]')
    draft.note('Its styles added words to the prompt, which are not part of it here.');
  return draft.finish('Fooocus');
}

/** RuinedFooocus writes a JSON of its own. */
export function importRuined(json: unknown): Imported | undefined {
  if (own(json, 'software') !== 'RuinedFooocus') return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(json, name);
  draft.prompt(get('Prompt'));
  draft.negative(get('Negative'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('cfg'));
  draft.size(get('width'), get('height'));
  draft.model(get('base_model_name'));
  draft.sampler(get('sampler_name'), get('scheduler'));
  for (const lora of listOf(get('loras'))) draft.lora(own(lora, 'name') ?? textOf(lora) ?? listOf(lora)[0]);
  return draft.finish('RuinedFooocus');
}

/** @param get a PNG text field, or a member of the JSON comment of a JPEG */
export function importEasyDiffusion(get: (name: string) => unknown): Imported | undefined {
  const isOurs = get('num_inference_steps') ?? get('use_stable_diffusion_model') ?? get('negative_prompt');
  if (isOurs === undefined || textOf(get('prompt')) === undefined) return undefined;
  const draft = new ImportDraft();
  draft.prompt(get('prompt'));
  draft.negative(get('negative_prompt'));
  draft.seed(get('seed'));
  draft.steps(get('num_inference_steps'));
  draft.guidance(get('guidance_scale'));
  draft.size(get('width'), get('height'));
  draft.model(get('use_stable_diffusion_model'));
  draft.sampler(get('sampler_name'));
  draft.lora(get('use_lora_model'));
  if (get('init_image') !== undefined) draft.strength(get('prompt_strength'));
  return draft.finish('Easy Diffusion');
}

/**
 * NovelAI: older pictures hold the prompt in the field Description, newer ones in the comment, with a caption for each character.
 *
 * @param get a PNG text field; in WebP, a member of the JSON in the comment
 */
export function importNovel(get: (name: string) => string | undefined): Imported | undefined {
  if (get('Software') !== 'NovelAI') return undefined;
  const json = parseLooseJson(get('Comment'));
  const draft = new ImportDraft();
  if (!isObject(json)) draft.note('Its field "Comment" is not the JSON that NovelAI writes, and was not read.');
  const value = (name: string) => own(json, name);
  draft.prompt(captions(value('v4_prompt'), draft, 'prompt') ?? value('prompt') ?? get('Description'));
  draft.negative(captions(value('v4_negative_prompt'), draft, 'negative prompt') ?? value('uc'));
  draft.seed(value('seed'));
  draft.steps(value('steps'));
  draft.guidance(value('scale'));
  draft.size(value('width'), value('height'));
  draft.model(get('Source'));
  draft.sampler(value('sampler'), value('noise_schedule'));
  draft.note('NovelAI marks weights with {braces}, which are plain characters here.');
  return draft.finish('NovelAI');
}

/** The caption of the picture, and behind it those of its characters. */
function captions(prompt: unknown, draft: ImportDraft, what: string): string | undefined {
  const caption = own(prompt, 'caption');
  const base = textOf(own(caption, 'base_caption'));
  if (base === undefined) return undefined;
  const characters = listOf(own(caption, 'char_captions'))
    .flatMap((character) => textOf(own(character, 'char_caption')) ?? [])
    .filter((text) => text.trim() !== '');
  if (characters.length > 0)
    draft.note(
      `Its ${what} has texts for ${characters.length} characters of their own, which stand behind it here; their places were not taken over.`,
    );
  return [base, ...characters].filter((text) => text.trim() !== '').join(', ');
}

export function importDrawThings(json: unknown): Imported | undefined {
  if (!isObject(json) || textOf(own(json, 'c')) === undefined) return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(json, name);
  draft.prompt(get('c'));
  draft.negative(get('uc'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('scale'));
  const size = /^(\d{1,6})x(\d{1,6})$/.exec(textOf(get('size')) ?? '');
  if (size) draft.size(size[1], size[2]);
  draft.model(get('model'));
  draft.sampler(get('sampler'));
  for (const lora of listOf(get('lora'))) draft.lora(own(lora, 'model') ?? lora);
  draft.strength(get('strength'));
  return draft.finish('Draw Things');
}

import type { Imported } from '../../../contract/index.ts';
import { type CommonParameters, readCommonParameters } from './a1111.ts';
import { ImportDraft } from './importdraft.ts';
import { isObject, listOf, own, textOf } from './json.ts';

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
  const match = /^\s*"((?:[^"\\]|\\.){0,20000})"([^"]{0,2000})$/.exec(text);
  if (!match) return undefined;
  const [, prompt = '', rest = ''] = match;
  const get = (letter: string) => new RegExp(`(?:^|\\s)-${letter}\\s?([\\w.+-]{1,40})`).exec(rest)?.[1];
  const draft = new ImportDraft();
  oldInvokePrompt(prompt, draft);
  draft.seed(get('S'));
  draft.steps(get('s'));
  draft.guidance(get('C'));
  draft.size(get('W'), get('H'));
  draft.sampler(get('A'));
  return draft.finish('InvokeAI');
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

export function importNovel(json: unknown): Imported | undefined {
  if (!isObject(json)) return undefined;
  const draft = new ImportDraft();
  const get = (name: string) => own(json, name);
  draft.prompt(get('prompt'));
  draft.negative(get('uc'));
  draft.seed(get('seed'));
  draft.steps(get('steps'));
  draft.guidance(get('scale'));
  draft.size(get('width'), get('height'));
  draft.sampler(get('sampler'));
  draft.note('NovelAI marks weights with {braces}, which are plain characters here.');
  return draft.finish('NovelAI');
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

/**
 * Widgets of ComfyUI's own nodes in their order (nodes.py, comfy_extras): the editor's form lists their values without names. Behind a
 * seed stands what becomes of it after a run.
 */
const AFTER = 'control_after_generate';
const SEED_RULES = new Set(['fixed', 'increment', 'decrement', 'randomize']);
const SEED_NAMES = new Set(['seed', 'noise_seed']);

const SIZE = ['width', 'height', 'batch_size'];
const CLIP_SIZE = ['width', 'height', 'length', 'batch_size'];

const WIDGETS: Readonly<Record<string, readonly string[]>> = {
  KSampler: ['seed', AFTER, 'steps', 'cfg', 'sampler_name', 'scheduler', 'denoise'],
  KSamplerAdvanced: [
    'add_noise',
    'noise_seed',
    AFTER,
    'steps',
    'cfg',
    'sampler_name',
    'scheduler',
    'start_at_step',
    'end_at_step',
    'return_with_leftover_noise',
  ],
  SamplerCustom: ['add_noise', 'noise_seed', AFTER, 'cfg'],
  RandomNoise: ['noise_seed', AFTER],
  KSamplerSelect: ['sampler_name'],
  BasicScheduler: ['scheduler', 'steps', 'denoise'],
  CFGGuider: ['cfg'],
  FluxGuidance: ['guidance'],
  CLIPTextEncode: ['text'],
  CLIPTextEncodeFlux: ['clip_l', 't5xxl', 'guidance'],
  CLIPTextEncodeSD3: ['clip_l', 'clip_g', 't5xxl', 'empty_padding'],
  CLIPTextEncodeSDXL: ['width', 'height', 'crop_w', 'crop_h', 'target_width', 'target_height', 'text_g', 'text_l'],
  CLIPTextEncodeSDXLRefiner: ['ascore', 'width', 'height', 'text'],
  TextEncodeQwenImageEdit: ['prompt'],
  ConditioningAverage: ['conditioning_to_strength'],
  EmptyLatentImage: SIZE,
  EmptySD3LatentImage: SIZE,
  EmptyHunyuanLatentVideo: CLIP_SIZE,
  EmptyMochiLatentVideo: CLIP_SIZE,
  EmptyLTXVLatentVideo: CLIP_SIZE,
  EmptyCosmosLatentVideo: CLIP_SIZE,
  LatentUpscale: ['upscale_method', 'width', 'height', 'crop'],
  LatentUpscaleBy: ['upscale_method', 'scale_by'],
  ImageScale: ['upscale_method', 'width', 'height', 'crop'],
  ImageScaleBy: ['upscale_method', 'scale_by'],
  CheckpointLoaderSimple: ['ckpt_name'],
  UNETLoader: ['unet_name', 'weight_dtype'],
  LoraLoader: ['lora_name', 'strength_model', 'strength_clip'],
  LoraLoaderModelOnly: ['lora_name', 'strength_model'],
  PrimitiveNode: ['value', AFTER],
  PrimitiveInt: ['value', AFTER],
  PrimitiveFloat: ['value'],
  PrimitiveString: ['value'],
  PrimitiveStringMultiline: ['value'],
  PrimitiveBoolean: ['value'],
  StringConcatenate: ['string_a', 'string_b', 'delimiter'],
  StringReplace: ['string', 'find', 'replace'],
  StringTrim: ['string', 'mode'],
  LoadImage: ['image'],
  SaveImage: ['filename_prefix'],
  // Of KJNodes: they only carry a value under a name.
  GetNode: ['value'],
  SetNode: ['value'],
};

const TABLE = new Map(Object.entries(WIDGETS));

/**
 * Names of the widget values of a node, undefined for a value that has none here. Newer files declare the widgets among the inputs.
 *
 * @param declared names of the inputs that are widgets, in their order
 */
export function widgetNames(
  type: string,
  declared: readonly string[],
  values: readonly unknown[],
): readonly (string | undefined)[] {
  const known = TABLE.get(type);
  // A file may leave out what becomes of the seed.
  const names = known?.filter((name, index) => name !== AFTER || isSeedRule(values[index]));
  const all = names ?? withSeedRules(declared, values);
  return values.map((_value, index) => all[index]);
}

const isSeedRule = (value: unknown) => typeof value === 'string' && SEED_RULES.has(value);

function withSeedRules(declared: readonly string[], values: readonly unknown[]): readonly string[] {
  const names: string[] = [];
  for (const name of declared) {
    names.push(name);
    if (SEED_NAMES.has(name) && isSeedRule(values[names.length])) names.push(AFTER);
  }
  // Another number of values than of names: something stands between them, and where is not told.
  return names.length === values.length ? names : [];
}

/** A sound weight file in a form Attune does not open, with what to do about it. */
export interface ForeignForm {
  readonly id: string;
  /** In a user's words. */
  readonly title: string;
  /** A sentence. */
  readonly advice: string;
  /** What the file carries besides the diffusion network, e.g. `CLIP-L`, `VAE`. */
  readonly parts: readonly string[];
}

/** ComfyUI "checkpoints" put this before the keys of the diffusion network; a bare network has none. */
const CHECKPOINT_PREFIX = 'model.diffusion_model.';

const DIFFUSERS_FOLDER =
  'Attune opens the diffusers folder form: download the repository that has a model_index.json, and give its folder.';

interface KnownKey extends Omit<ForeignForm, 'parts'> {
  readonly matches: (keys: ReadonlySet<string>) => boolean;
}

// Keys from diffusers' single_file_utils.py; the narrower form stands before the wider one.
const KNOWN: readonly KnownKey[] = [
  {
    id: 'lora',
    title: 'a LoRA (a small addition to a model, not a model)',
    advice: 'Give the folder of the model it was made for; Attune does not load LoRA files yet.',
    matches: (keys) => [...keys].some((key) => /\.lora_(?:A|B|down|up)\.|^lora_(?:unet|te|transformer)/.test(key)),
  },
  {
    id: 'sd3.5-large-single-file',
    title: 'Stable Diffusion 3.5 large as a single file',
    advice: DIFFUSERS_FOLDER,
    matches: (keys) => keys.has('joint_blocks.37.x_block.mlp.fc1.weight'),
  },
  {
    id: 'sd3-single-file',
    title: 'Stable Diffusion 3 or 3.5 medium as a single file',
    advice: DIFFUSERS_FOLDER,
    matches: (keys) => keys.has('joint_blocks.0.context_block.adaLN_modulation.1.bias'),
  },
  {
    id: 'flux2-single-file',
    title: 'FLUX.2 as a single file',
    advice: 'Attune does not run FLUX.2; it runs Stable Diffusion 3 and 3.5.',
    matches: (keys) => keys.has('single_stream_modulation.lin.weight'),
  },
  {
    id: 'flux-single-file',
    title: 'FLUX.1 as a single file',
    advice: DIFFUSERS_FOLDER,
    matches: (keys) => keys.has('double_blocks.0.img_attn.norm.key_norm.scale'),
  },
  {
    id: 'sdxl-single-file',
    title: 'Stable Diffusion XL',
    advice: 'It has a U-Net; Attune steers diffusion transformers. Take Stable Diffusion 3 or 3.5 instead.',
    matches: (keys) => [...keys].some((key) => key.startsWith('conditioner.embedders.1.model.')),
  },
  {
    id: 'sd1-single-file',
    title: 'Stable Diffusion 1 or 2',
    advice: 'It has a U-Net; Attune steers diffusion transformers. Take Stable Diffusion 3 or 3.5 instead.',
    matches: (keys) => keys.has('output_blocks.11.0.skip_connection.weight'),
  },
];

const PARTS: readonly (readonly [prefix: string, title: string])[] = [
  ['text_encoders.clip_l.transformer.', 'CLIP-L'],
  ['text_encoders.clip_g.transformer.', 'CLIP-G'],
  ['text_encoders.t5xxl.transformer.', 'T5'],
  ['first_stage_model.', 'VAE'],
  ['vae.', 'VAE'],
];

/**
 * Says kindly what a single weight file is that is no diffusers component, from its tensor names; `undefined` when
 * nothing is recognised.
 */
export function foreignForm(names: readonly string[]): ForeignForm | undefined {
  const keys = new Set(
    names.map((name) => (name.startsWith(CHECKPOINT_PREFIX) ? name.slice(CHECKPOINT_PREFIX.length) : name)),
  );
  const known = KNOWN.find(({ matches }) => matches(keys));
  const parts = PARTS.filter(([prefix]) => names.some((name) => name.startsWith(prefix))).map(([, title]) => title);
  if (known !== undefined) return { id: known.id, title: known.title, advice: known.advice, parts };
  if (parts.length === 0) return undefined;
  return { id: 'parts-single-file', title: `${parts.join(', ')} in a single file`, advice: DIFFUSERS_FOLDER, parts };
}

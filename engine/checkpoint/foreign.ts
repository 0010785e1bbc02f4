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

/** How a family's checkpoints lie in a single file, in the names of its authors. */
export interface SingleFileForm {
  readonly id: string;
  /** In a user's words. */
  readonly title: string;
  /** A tensor that every such file has. */
  readonly key: string;
}

interface KnownKey extends Pick<ForeignForm, 'id' | 'title'> {
  readonly advice: (runs: string) => string;
  readonly matches: (keys: ReadonlySet<string>) => boolean;
}

/** What no family runs; keys from diffusers' single_file_utils.py. It stands before the families' forms, which FLUX.2's may resemble. */
const OTHERS: readonly KnownKey[] = [
  {
    id: 'lora',
    title: 'a LoRA (a small addition to a model, not a model)',
    advice: () => 'Give the folder of the model it was made for; Attune does not load LoRA files yet.',
    matches: (keys) => [...keys].some((key) => /\.lora_(?:A|B|down|up)\.|^lora_(?:unet|te|transformer)/.test(key)),
  },
  {
    id: 'flux2-single-file',
    title: 'FLUX.2 as a single file',
    advice: (runs) => `Attune does not run FLUX.2; it runs ${runs}.`,
    matches: (keys) => keys.has('single_stream_modulation.lin.weight'),
  },
  {
    id: 'chroma-single-file',
    title: 'Chroma as a single file',
    advice: (runs) => `Attune does not run Chroma; it runs ${runs}.`,
    matches: (keys) => [...keys].some((key) => key.startsWith('distilled_guidance_layer.')),
  },
  {
    id: 'sdxl-single-file',
    title: 'Stable Diffusion XL',
    advice: (runs) => `It has a U-Net; Attune steers diffusion transformers. Take one of ${runs} instead.`,
    matches: (keys) => [...keys].some((key) => key.startsWith('conditioner.embedders.1.model.')),
  },
  {
    id: 'sd1-single-file',
    title: 'Stable Diffusion 1 or 2',
    advice: (runs) => `It has a U-Net; Attune steers diffusion transformers. Take one of ${runs} instead.`,
    matches: (keys) => keys.has('output_blocks.11.0.skip_connection.weight'),
  },
];

/** What the families run: their titles, and how their checkpoints lie in single files, the narrower form before the wider one. */
export interface RunFamily {
  readonly title: string;
  readonly singleFiles?: readonly SingleFileForm[];
}

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
export function foreignForm(names: readonly string[], families: readonly RunFamily[]): ForeignForm | undefined {
  const keys = new Set(
    names.map((name) => (name.startsWith(CHECKPOINT_PREFIX) ? name.slice(CHECKPOINT_PREFIX.length) : name)),
  );
  const parts = PARTS.filter(([prefix]) => names.some((name) => name.startsWith(prefix))).map(([, title]) => title);
  const other = OTHERS.find(({ matches }) => matches(keys));
  if (other !== undefined) {
    const runs = families.map(({ title }) => title).join(', ');
    return { id: other.id, title: other.title, advice: other.advice(runs), parts };
  }
  const form = families.flatMap(({ singleFiles = [] }) => singleFiles).find(({ key }) => keys.has(key));
  if (form !== undefined) return { id: form.id, title: form.title, advice: DIFFUSERS_FOLDER, parts };
  if (parts.length === 0) return undefined;
  return { id: 'parts-single-file', title: `${parts.join(', ')} in a single file`, advice: DIFFUSERS_FOLDER, parts };
}

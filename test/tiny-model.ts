import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './checkpoint-files.ts';
import { type TinyNetwork, tinyAutoencoder, tinyClip, tinySd3, tinyT5, writeNetwork } from './tiny-networks.ts';

/** A whole checkpoint in the layout of Stable Diffusion 3, with random weights. Its words: a, red, blue, apple, cat, on, grass. */

const WORDS = ['<pad>', '<unk>', 'a', 'red', 'blue', 'apple', 'cat', 'on', 'grass', ','];
const [BEGIN, END] = [18, 19];

const special = (id: number, content: string) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** Whole words; CLIP's has a begin mark, T5's only an end mark. */
export function tokenizerOf(kind: 'clip' | 't5'): object {
  const marks = { '<bos>': BEGIN, '<eos>': END };
  const end = { SpecialToken: { id: '<eos>', type_id: 0 } };
  const words = { Sequence: { id: 'A', type_id: 0 } };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(0, '<pad>'), special(1, '<unk>'), special(BEGIN, '<bos>'), special(END, '<eos>')],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: kind === 'clip' ? [{ SpecialToken: { id: '<bos>', type_id: 0 } }, words, end] : [words, end],
      pair: [words, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: Object.fromEntries(
        Object.entries(marks).map(([mark, id]) => [mark, { id: mark, ids: [id], tokens: [mark] }]),
      ),
    },
    decoder: null,
    model: {
      type: 'WordLevel',
      unk_token: '<unk>',
      vocab: { ...Object.fromEntries(WORDS.map((word, id) => [word, id])), ...marks },
    },
  };
}

export interface TinyModel {
  /** Text encoders by component, `null` for one that its publisher left out. */
  readonly encoders: Readonly<Record<string, TinyNetwork | null>>;
  readonly textHiddenSize: number;
  readonly pooledWidth: number;
  /** Patches along each side of what it makes at most; its steps take long where they are many. */
  readonly side?: number;
}

/** CLIP, CLIP and T5; the CLIP states side by side (32) are narrower than T5's (40). */
export const TINY_SD3: TinyModel = {
  encoders: { text_encoder: tinyClip(), text_encoder_2: tinyClip(), text_encoder_3: tinyT5({ width: 40 }) },
  textHiddenSize: 40,
  pooledWidth: 12,
};

/** Writes the folder and gives its path; gone when the test has ended. */
export function writeTinyModel({ encoders, textHiddenSize, pooledWidth, side = 6 }: TinyModel = TINY_SD3): string {
  const index: Record<string, readonly (string | null)[]> = {
    scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
    transformer: ['diffusers', 'SD3Transformer2DModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  };
  const tokenizers: Record<string, object> = {};
  for (const [name, network] of Object.entries(encoders)) {
    const tokenizer = name.replace('text_encoder', 'tokenizer');
    const isT5 = network !== null && 'd_model' in network.config;
    const classes = isT5 ? ['T5EncoderModel', 'T5TokenizerFast'] : ['CLIPTextModelWithProjection', 'CLIPTokenizer'];
    [name, tokenizer].forEach((component, at) => {
      index[component] = network === null ? [null, null] : ['transformers', classes[at] ?? ''];
    });
    if (network !== null) tokenizers[`${tokenizer}/tokenizer.json`] = tokenizerOf(isT5 ? 't5' : 'clip');
  }
  const folder = folderOf({
    'model_index.json': { _class_name: 'StableDiffusion3Pipeline', ...index },
    'scheduler/scheduler_config.json': { _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 3 },
    ...tokenizers,
  });
  const networks = { transformer: tinySd3({ textHiddenSize, pooledWidth, side }), vae: tinyAutoencoder(), ...encoders };
  Object.entries(networks).forEach(([name, network], seed) => {
    if (network !== null) cpSync(writeNetwork(network, seed + 1), join(folder, name), { recursive: true });
  });
  return folder;
}

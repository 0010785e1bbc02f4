import { AttuneError } from '../../engine/base/errors.ts';
import type { ConditioningNetworks, ConditioningPlan, PipelineFamily, PublishedDefaults } from '../../engine/family.ts';
import { type FluxDenoiser, fluxTransformer } from './transformer.ts';

/** FLUX.1 dev and schnell, as diffusers' `FluxPipeline` runs them. */
export const flux: PipelineFamily<FluxDenoiser> = {
  id: 'flux',
  title: 'FLUX.1',
  denoiser: fluxTransformer,
  singleFiles: [
    {
      id: 'flux-single-file',
      title: 'FLUX.1 as a single file',
      key: 'double_blocks.0.img_attn.norm.key_norm.scale',
    },
  ],
  conditioning,
  defaults: ({ guidance }) => (guidance === 'embedded' ? DEV : SCHNELL),
  levels: linearLevels,
};

/** The pipeline's own values; FlowEdit's of its paper (arXiv 2412.08629): 24 of 28 steps, guidance 1.5 and 5.5. */
const DEV: PublishedDefaults = {
  steps: 28,
  guidance: 3.5,
  methods: { flowedit: { steps: 28, guidance: 5.5, params: { strength: 24 / 28, sourceGuidance: 1.5 } } },
};

/** Distilled to four steps and told no guidance scale. */
const SCHNELL: PublishedDefaults = { steps: 4, guidance: 1, methods: { flowedit: { steps: 4, guidance: 1 } } };

/** Tokens of T5: 512, and at most 256 of schnell, which was distilled with so many. */
const T5_TOKENS = { embedded: 512, none: 256 };

/** n levels from 1 down to 1/n, which the pipeline hands to its scheduler. */
function linearLevels(steps: number): Float64Array {
  return Float64Array.from({ length: steps }, (_, i) => (steps === 1 ? 1 : 1 + (i * (1 / steps - 1)) / (steps - 1)));
}

/** T5's last states are the prompt embeds; of CLIP the pooled vector alone is taken. */
function conditioning({ folder, denoiser, encoders }: ConditioningNetworks<FluxDenoiser>): ConditioningPlan {
  const clip = encoders.find(({ encoder }) => encoder.kind === 'clip');
  const t5 = encoders.find(({ encoder }) => encoder.kind === 't5');
  if (clip === undefined || t5 === undefined)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${folder} has no ${clip === undefined ? 'CLIP' : 'T5'} text encoder, which the transformer reads prompts by. Download text_encoder, text_encoder_2 and their tokenizers.`,
      { file: folder, field: clip === undefined ? 'text_encoder' : 'text_encoder_2' },
    );
  for (const [field, gives, reads] of [
    ['joint_attention_dim', t5.encoder.width, denoiser.textHiddenSize],
    ['pooled_projection_dim', clip.encoder.pooledWidth, denoiser.pooledWidth],
  ] as const)
    if (gives !== reads)
      throw new AttuneError(
        'checkpoint-malformed',
        `The text encoders of ${folder} give ${gives} features where the transformer reads ${reads}. Take encoders and transformer from one checkpoint.`,
        { file: folder, field },
      );
  const tokens = Math.min(t5.encoder.maxTokens, denoiser.guidance === 'embedded' ? T5_TOKENS.embedded : T5_TOKENS.none);
  return {
    encodings: [
      {
        encoder: clip.name,
        tokens: clip.encoder.maxTokens,
        tap: 'last',
        aligns: false,
        pooled: { input: 'pooled', offset: 0 },
      },
      { encoder: t5.name, tokens, tap: 'last', place: { column: 0, feature: 0 }, aligns: true },
    ],
    tokens,
    hiddenSize: denoiser.textHiddenSize,
    inputs: { pooled: denoiser.pooledWidth },
  };
}

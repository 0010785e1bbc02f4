import { AttuneError } from '../base/errors.ts';
import { parseA1111 } from './a1111.ts';
import { parseComfy } from './comfy.ts';
import { parseCompel } from './compel.ts';
import type { WeightedPrompt, WeightedRange } from './runs.ts';
import { shownForm } from './scan.ts';

export type { WeightedPrompt, WeightedRange };

/** `a1111`: AUTOMATIC1111, Forge, Fooocus; `comfyui`: ComfyUI, Krita AI; `compel`: InvokeAI; `none`: the text as it is. */
export type PromptDialect = 'a1111' | 'comfyui' | 'compel' | 'none';

/** Weights beyond this are refused: attention is steered by their logarithm, and no tool writes larger ones on purpose. */
const LARGEST_WEIGHT = 10;

/**
 * Reads the prompt weights of a dialect. Weight 1 means untouched; a range of weight 1 is not listed.
 * @throws AttuneError 'request-invalid' for a weight that is no number or larger than LARGEST_WEIGHT in magnitude
 */
export function parsePromptWeights(prompt: string, dialect: PromptDialect = 'a1111'): WeightedPrompt {
  const parsed = dialectParsers[dialect](prompt);
  for (const { weight, start, end } of parsed.weights) {
    if (!Number.isFinite(weight) || Math.abs(weight) > LARGEST_WEIGHT) {
      throw new AttuneError(
        'request-invalid',
        `The weight ${weight} of "${shownForm(parsed.text.slice(start, end))}" is out of range: use -${LARGEST_WEIGHT} to ${LARGEST_WEIGHT}.`,
        { field: 'prompt' },
      );
    }
  }
  return parsed;
}

const dialectParsers: Readonly<Record<PromptDialect, (prompt: string) => WeightedPrompt>> = {
  a1111: parseA1111,
  comfyui: parseComfy,
  compel: parseCompel,
  none: (text) => ({ text, weights: [], warnings: [], places: Array.from({ length: text.length }, (_, at) => at) }),
};

import type { PromptReading } from '../../contract/index.ts';
import { type Model, promptEncoderOf } from '../model/model.ts';
import { isSpoken } from '../text/prompt.ts';
import { phrasesIn } from '../text/unknown.ts';
import { parsePromptWeights } from '../text/weights.ts';

/** Begin and end, which every encoder adds. */
const MARKS = 2;

/**
 * How a prompt reads to a checkpoint: tokens of its longest encoder, weights, words it does not know. No network runs.
 * Throws 'request-invalid' for weights that cannot be used.
 */
export async function readPrompt(
  model: Pick<Model, 'conditioning' | 'promptEncoders' | 'vocabulary'>,
  typed: string,
): Promise<PromptReading> {
  const { text, weights, warnings, places } = parsePromptWeights(typed);
  const range = ({ start, end }: { readonly start: number; readonly end: number }) => ({
    start: places[start] ?? typed.length,
    end: end > start ? (places[end - 1] ?? typed.length - 1) + 1 : (places[start] ?? typed.length),
  });
  const read = await Promise.all(
    model.conditioning.encodings.map(async ({ encoder: name, tokens }) => {
      const { encoder, tokenizer } = promptEncoderOf(model, name);
      const encoded = await tokenizer.encode(text, LONGEST);
      const marks = encoder.kind === 't5' ? 1 : MARKS;
      return { encoded, limit: tokens - marks, tokens: encoded.tokens.length };
    }),
  );
  const longest = read.reduce((best, one) => (one.limit > best.limit ? one : best), read[0] ?? NONE);
  const words = longest.encoded?.words ?? [];
  const lost = read.map(({ encoded }) => new Set(encoded.unknown.map(({ start }) => start)));
  const phraseAround = phrasesIn(words, model.vocabulary);
  const unknown = words.flatMap(({ start, text: word }, at) => {
    if (!isSpoken(word) || !lost.every((starts) => starts.has(start))) return [];
    const match = phraseAround(at, 0);
    const [first, last] = [words[match.start], words[match.end - 1]];
    const whole = range({ start: first?.start ?? start, end: last?.end ?? start + word.length });
    return [{ ...whole, suggestions: match.instead === undefined ? [] : [match.instead] }];
  });
  return {
    tokens: longest.tokens,
    limit: longest.limit,
    weights: weights.map((weight) => ({ ...range(weight), weight: weight.weight })),
    unknown,
    warnings: [
      ...warnings,
      ...(longest.tokens > longest.limit
        ? [`The prompt has ${longest.tokens} tokens and ${longest.limit} fit; what is beyond them is left out.`]
        : []),
    ],
  };
}

/** Room for any prompt that the contract takes. */
const LONGEST = 32_768;
const NONE = { encoded: undefined, limit: 0, tokens: 0 };

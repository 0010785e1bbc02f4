import type { PromptReading } from '../../contract/index.ts';
import { promptTokens } from '../pipeline/condition.ts';
import type { Model } from '../pipeline/model.ts';
import { isSpoken, type PromptWord } from '../text/prompt.ts';
import { unknownPhrases } from '../text/unknown.ts';
import { parsePromptWeights } from '../text/weights.ts';

/** Begin and end, which every encoder adds. */
const MARKS = 2;

/**
 * How a prompt reads to a checkpoint: tokens of its longest encoder, weights, words it does not know. No network runs.
 * Throws 'request-invalid' for weights that cannot be used.
 * @param videoTokens tokens that a network of videos takes of whichever encoder it has
 */
export async function readPrompt(
  model: Pick<Model, 'denoiser' | 'promptEncoders' | 'vocabulary'>,
  typed: string,
  videoTokens?: number,
): Promise<PromptReading> {
  const { text, weights, warnings } = parsePromptWeights(typed);
  const placeOf = placesIn(typed, text);
  const range = ({ start, end }: { readonly start: number; readonly end: number }) => ({
    start: placeOf[start] ?? typed.length,
    end: end > start ? (placeOf[end - 1] ?? typed.length - 1) + 1 : (placeOf[start] ?? typed.length),
  });
  const { clipTokens, t5Tokens } =
    videoTokens === undefined ? promptTokens(model) : { clipTokens: videoTokens, t5Tokens: videoTokens };
  const read = await Promise.all(
    model.promptEncoders.map(async ({ encoder, tokenizer }) => {
      const fits = encoder.kind === 'clip' ? clipTokens : t5Tokens;
      const encoded = await tokenizer.encode(text, LONGEST);
      const marks = encoder.kind === 't5' ? 1 : MARKS;
      return { encoded, limit: fits - marks, tokens: encoded.tokens.length };
    }),
  );
  const longest = read.reduce((best, one) => (one.limit > best.limit ? one : best), read[0] ?? NONE);
  const words = longest.encoded?.words ?? [];
  const unknown = words.filter(
    ({ start, text: word }) =>
      isSpoken(word) && read.every(({ encoded }) => encoded.unknown.some((other) => other.start === start)),
  );
  return {
    tokens: longest.tokens,
    limit: longest.limit,
    weights: weights.map((weight) => ({ ...range(weight), weight: weight.weight })),
    unknown: unknown.map((word) => {
      const [phrase] = unknownPhrases(words, [word], model.vocabulary);
      const whole = phrase === undefined ? word : phraseAround(words, word, phrase.text);
      return { ...range(whole), suggestions: phrase?.instead === undefined ? [] : [phrase.instead] };
    }),
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

/** The words that make up a phrase with `word` among them. */
function phraseAround(
  words: readonly PromptWord[],
  word: PromptWord,
  phrase: string,
): Pick<PromptWord, 'start' | 'end'> {
  const at = words.indexOf(word);
  const length = phrase.split(' ').length;
  for (let from = Math.max(0, at - length + 1); from <= at; from++) {
    const part = words.slice(from, from + length);
    const [first, last] = [part[0], part.at(-1)];
    if (first && last && part.map(({ text }) => text).join(' ') === phrase)
      return { start: first.start, end: last.end };
  }
  return word;
}

/** For every unit of the text without marks, where it stands in what was typed. */
function placesIn(typed: string, text: string): readonly number[] {
  const places: number[] = [];
  let at = 0;
  for (const unit of text) {
    while (at < typed.length) {
      // The number of a weight may hold the very character that comes next.
      const number = /^:\s*[+-]?[\d.]+\s*\)/.exec(typed.slice(at, at + 32));
      if (number !== null && unit !== ':') at += number[0].length;
      else if (typed.startsWith(unit, at)) break;
      else at += 1;
    }
    for (let index = 0; index < unit.length; index++) places.push(Math.min(at + index, typed.length));
    at += unit.length;
  }
  return places;
}

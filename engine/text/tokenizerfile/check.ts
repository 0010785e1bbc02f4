import type { AttuneError } from '../../base/errors.ts';
import { modelOf } from './models.ts';
import { type Json, MAX_ID, PartReader } from './reader.ts';
import { normalizerOf, postProcessorOf, preTokenizerOf } from './steps.ts';

/** A token that is one piece wherever it stands in a prompt. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

export interface CheckedTokenizer {
  /** For native code: nothing in it but what was checked. */
  readonly json: string;
  /** Ids that native code must come to, since it counts those of added tokens itself. */
  readonly expected: readonly AddedToken[];
}

/** Published tokenizers have up to 6,400; native code compares each with all. */
const MAX_ADDED = 20_000;

/**
 * Checks the parts of a tokenizer.json and writes them anew for native code, which ends the process over a broken one: every component by
 * its type, with the fields that are known. What only decodes, pads or cuts is left out.
 * @param more tokens of the files beside it
 * @throws AttuneError 'checkpoint-malformed' or 'checkpoint-unsupported' naming file and part
 */
export function checkTokenizer(json: Json, more: readonly AddedToken[], file: string): CheckedTokenizer {
  const whole = new PartReader(json, 'the tokenizer', file);
  const listed =
    json.added_tokens === undefined || json.added_tokens === null ? [] : whole.items('added_tokens', MAX_ADDED);
  const own = listed.map(addedTokenOf);
  const known = new Set(own.map(({ content }) => content));
  const further = more.filter(({ content }) => !known.has(content));
  const bare = modelOf(json.model, {}, file);
  const missing = further.filter(({ content, id }) => bare.idOf(content) !== id);
  const model =
    bare.isOpen && missing.length > 0
      ? modelOf(json.model, Object.fromEntries(missing.map(({ content, id }) => [content, id])), file)
      : bare;
  return {
    json: JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...own, ...further],
      normalizer: normalizerOf(json.normalizer, file),
      pre_tokenizer: preTokenizerOf(json.pre_tokenizer, file),
      post_processor: postProcessorOf(json.post_processor, file),
      decoder: null,
      model: model.json,
    }),
    expected: further,
  };
}

/** @throws AttuneError 'checkpoint-malformed' */
export function addedTokenOf(part: PartReader): AddedToken {
  return {
    id: part.integer('id', 0, MAX_ID),
    content: part.text('content', { max: 512 }),
    single_word: part.flag('single_word', false),
    lstrip: part.flag('lstrip', false),
    rstrip: part.flag('rstrip', false),
    normalized: part.flag('normalized', true),
    special: part.flag('special', false),
  };
}

/** For a token that native code puts elsewhere. */
export function misplaced({ content, id }: AddedToken, found: number | null, file: string): AttuneError {
  const where = found === null ? 'nowhere' : `at ${found}`;
  return new PartReader({}, 'added tokens', file).fault(
    `"${content.slice(0, 40)}" has the id ${id} and stands ${where} in the vocabulary`,
  );
}

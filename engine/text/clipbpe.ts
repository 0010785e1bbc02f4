import { AttuneError } from '../base/errors.ts';
import { type MarkNames, parseObject } from './specials.ts';

/** CLIP's own split: contractions, runs of letters, single digits, runs of anything else visible (open_clip `SimpleTokenizer`). */
const CLIP_PIECES = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/**
 * CLIP's byte-level BPE as the object of a tokenizer.json, from the older pair of files: lower case, `</w>` at the end of words, begin and
 * end marks around the prompt.
 * @throws AttuneError 'checkpoint-malformed' naming the file and what is wrong
 */
export function clipTokenizer(
  vocabText: string,
  mergesText: string,
  marks: MarkNames,
  file: string,
): Readonly<Record<string, unknown>> {
  const vocab = parseObject(vocabText, file);
  const mergesFile = file.replace(/[^/\\]*$/, 'merges.txt');
  for (const [piece, id] of Object.entries(vocab)) {
    if (!Number.isInteger(id))
      throw new AttuneError('checkpoint-malformed', `${file}: the piece "${piece}" has no whole number.`, {
        file,
        field: piece,
      });
  }
  const [first = '', ...rest] = mergesText.split(/\r?\n/);
  const lines = first.startsWith('#version') ? rest : [first, ...rest];
  const merges = lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const pair = line.trim().split(/\s+/);
      if (pair.length !== 2) {
        throw new AttuneError(
          'checkpoint-malformed',
          `${mergesFile}: "${line.slice(0, 40)}" is not a pair of pieces.`,
          { file: mergesFile },
        );
      }
      return pair;
    });
  const begin = marks.begin ?? '<|startoftext|>';
  const end = marks.end ?? '<|endoftext|>';
  const idOf = (name: string) => {
    const id = vocab[name];
    if (typeof id !== 'number') {
      throw new AttuneError('checkpoint-malformed', `${file} lacks the piece "${name}" that frames every prompt.`, {
        file,
        field: name,
      });
    }
    return id;
  };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...new Set([begin, end])].map((content) => ({
      id: idOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: CLIP_PIECES }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [end, idOf(end)],
      cls: [begin, idOf(begin)],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: end,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

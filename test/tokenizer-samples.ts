/** Sound tokenizer.json objects of every model and many components, small. */

const mark = (id: number, content: string, more: object = {}) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
  ...more,
});

export const LLAMA_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** A map of characters as SentencePiece packs it: a double array with a block for every node. */
export function charsMap(replacements: Readonly<Record<string, string>>): string {
  const encoder = new TextEncoder();
  const texts: number[] = [];
  const units: number[] = [];
  let blocks = 1;
  interface Node {
    readonly children: Map<number, Node>;
    value?: number;
  }
  const root: Node = { children: new Map() };
  for (const [from, to] of Object.entries(replacements)) {
    let node = root;
    for (const byte of encoder.encode(from)) {
      const next = node.children.get(byte) ?? { children: new Map() };
      node.children.set(byte, next);
      node = next;
    }
    node.value = texts.length;
    texts.push(...encoder.encode(to), 0);
  }
  /** Writes the children of a node that stands at `place`; returns the offset that leads to them. */
  const write = (node: Node, place: number): number => {
    const base = blocks++ * 256;
    if (node.value !== undefined) units[base] = (node.value | 0x80000000) >>> 0;
    for (const [byte, child] of node.children) {
      const at = base ^ byte;
      const offset = write(child, at);
      units[at] = ((offset << 10) | (child.value === undefined ? 0 : 256) | byte) >>> 0;
    }
    return place ^ base;
  };
  units[0] = (write(root, 0) << 10) >>> 0;
  const bytes = new Uint8Array(4 + 4 * 256 * blocks + texts.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 4 * 256 * blocks, true);
  for (const [at, unit] of units.entries()) view.setUint32(4 + 4 * at, unit ?? 0, true);
  bytes.set(texts, 4 + 4 * 256 * blocks);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

const letters = Object.fromEntries([...'abcdefghijklmnopqrstuvwxyz,!'].map((letter, id) => [letter, id + 10]));

/** By names of what they stand for. */
export const SAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  words: {
    version: '1.0',
    truncation: { direction: 'Right', max_length: 26, strategy: 'LongestFirst', stride: 0 },
    padding: {
      strategy: { Fixed: 26 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '<pad>',
    },
    added_tokens: [mark(0, '<pad>'), mark(1, '<unk>'), mark(2, '<bos>'), mark(3, '<eos>')],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Punctuation', behavior: 'Isolated' }],
    },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '<bos>', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '<eos>', type_id: 0 } },
      ],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: {
        '<bos>': { id: '<bos>', ids: [2], tokens: ['<bos>'] },
        '<eos>': { id: '<eos>', ids: [3], tokens: ['<eos>'] },
      },
    },
    decoder: null,
    model: {
      type: 'WordLevel',
      unk_token: '<unk>',
      vocab: { '<pad>': 0, '<unk>': 1, '<bos>': 2, '<eos>': 3, a: 4, red: 5, apple: 6 },
    },
  },
  clip: {
    version: '1.0',
    added_tokens: [
      mark(40, '<s>', { normalized: true }),
      mark(41, '</s>', { rstrip: true, lstrip: true }),
      mark(42, '<x>', { special: false, single_word: true }),
    ],
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
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['</s>', 41],
      cls: ['<s>', 40],
      trim_offsets: false,
      add_prefix_space: false,
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '</s>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: { ...letters, 'a</w>': 38, 're</w>': 39, re: 43, 'e</w>': 44, '<s>': 40, '</s>': 41 },
      merges: ['r e</w>', ['r', 'e']],
    },
  },
  subwords: {
    added_tokens: [mark(0, '[UNK]')],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[UNK]', 0], cls: ['[UNK]', 0] },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: { '[UNK]': 0, a: 1, '##b': 2, red: 3 },
    },
  },
  prefixed: {
    model: {
      type: 'BPE',
      unk_token: 'u',
      continuing_subword_prefix: '##',
      vocab: { u: 0, a: 1, '##b': 2, ab: 3, '##c': 4, '##bc': 5, '##a': 6 },
      merges: ['a ##b', '##b ##c'],
    },
    pre_tokenizer: { type: 'Whitespace' },
  },
  pieces: {
    added_tokens: [mark(0, '<pad>'), mark(1, '</s>'), mark(2, '<unk>')],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        {
          type: 'Precompiled',
          precompiled_charsmap: charsMap({ ﬁ: 'fi', Ａ: 'A', é: 'e', 'a\u0301': 'á', '\ufdfa': 'صلى الله عليه وسلم' }),
        },
        { type: 'Strip', strip_left: false, strip_right: true },
        { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
      special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } },
    },
    model: {
      type: 'Unigram',
      unk_id: 2,
      byte_fallback: false,
      vocab: [
        ['<pad>', 0],
        ['</s>', 0],
        ['<unk>', 0],
        ['▁red', -2],
        ['▁app', -3],
        ['le', -3],
        ['fi', -2],
        ['A', -3],
        ['▁', -4],
        ['a', -5],
      ],
    },
  },
  chat: {
    added_tokens: [mark(60, '<|end|>')],
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: LLAMA_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'Split', pattern: { String: '-' }, behavior: 'MergedWithNext', invert: false },
        { type: 'Digits', individual_digits: true },
        { type: 'CharDelimiterSplit', delimiter: '_' },
        { type: 'UnicodeScripts' },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: {
      type: 'Sequence',
      processors: [{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }],
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      byte_fallback: true,
      ignore_merges: true,
      vocab: { ...letters, Ġ: 50, Ġr: 51, '<|end|>': 60, ap: 52 },
      merges: [
        ['Ġ', 'r'],
        ['a', 'p'],
      ],
    },
  },
};

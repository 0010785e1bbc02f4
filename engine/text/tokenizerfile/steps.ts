import { checkCharsMap, LONGEST } from './charsmap.ts';
import { isLinearPattern } from './pattern.ts';
import { type Json, MAX_ID, PartReader } from './reader.ts';

/** Normalizers, pre-tokenizers and post-processors of a tokenizer.json, checked and written anew with the fields that are known. */

const MAX_DEPTH = 4;
const MAX_STEPS = 64;
/** Bytes that a byte of a prompt may become; 20,000 characters then stay below a gigabyte. */
const MAX_GROWTH = 4096;

/** A step and by how much it may lengthen a text. */
interface Normalizer {
  readonly json: Json;
  readonly growth: number;
}

export function normalizerOf(value: unknown, file: string): Json | null {
  if (value === undefined || value === null) return null;
  const part = new PartReader(value, 'normalizer', file);
  const { json, growth } = readNormalizer(part, 0);
  if (growth > MAX_GROWTH) throw part.fault(`makes texts up to ${Math.round(growth)} times as long`);
  return json;
}

/** Growths are those of Unicode's longest decompositions, rounded up. */
const GROWTHS: Readonly<Record<string, number>> = {
  NFC: 3,
  NFD: 4,
  NFKC: 12,
  NFKD: 12,
  Nmt: 1,
  Lowercase: 2,
  StripAccents: 1,
  ByteLevel: 2,
};

function readNormalizer(part: PartReader, depth: number): Normalizer {
  const { type } = part.value;
  const growth = typeof type === 'string' && Object.hasOwn(GROWTHS, type) ? GROWTHS[type] : undefined;
  if (growth !== undefined) return { json: { type }, growth };
  switch (type) {
    case 'Sequence': {
      const steps = readSteps(part, 'normalizers', depth).map((step) => readNormalizer(step, depth + 1));
      const product = steps.reduce((whole, step) => whole * step.growth, 1);
      return { json: { type, normalizers: steps.map(({ json }) => json) }, growth: product };
    }
    case 'Strip':
      return { json: { type, strip_left: part.flag('strip_left'), strip_right: part.flag('strip_right') }, growth: 1 };
    case 'BertNormalizer': {
      const accents = part.value.strip_accents;
      const json = {
        type,
        clean_text: part.flag('clean_text', true),
        handle_chinese_chars: part.flag('handle_chinese_chars', true),
        strip_accents: accents === undefined || accents === null ? null : part.flag('strip_accents'),
        lowercase: part.flag('lowercase', true),
      };
      return { json, growth: 6 };
    }
    case 'Prepend':
      return { json: { type, prepend: part.text('prepend', { max: 64 }) }, growth: 2 };
    case 'Replace': {
      const content = part.text('content', { min: 0, max: 256 });
      return { json: { type, pattern: patternOf(part), content }, growth: Math.max(1, 4 * content.length) };
    }
    case 'Precompiled': {
      const checked = checkCharsMap(part.text('precompiled_charsmap', { max: 2 ** 24 }));
      if ('fault' in checked) throw part.fault(`has a map of characters that ${checked.fault}`);
      return { json: { type, precompiled_charsmap: checked.map }, growth: LONGEST };
    }
    default:
      throw unknownType(part, 'normalizer');
  }
}

export function preTokenizerOf(value: unknown, file: string): Json | null {
  return value === undefined || value === null
    ? null
    : readPreTokenizer(new PartReader(value, 'pre_tokenizer', file), 0);
}

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;

function readPreTokenizer(part: PartReader, depth: number): Json {
  const { type } = part.value;
  switch (type) {
    case 'BertPreTokenizer':
    case 'Whitespace':
    case 'WhitespaceSplit':
    case 'UnicodeScripts':
      return { type };
    case 'Sequence':
      return {
        type,
        pretokenizers: readSteps(part, 'pretokenizers', depth).map((step) => readPreTokenizer(step, depth + 1)),
      };
    case 'ByteLevel':
      return byteLevelOf(part);
    case 'CharDelimiterSplit':
      return { type, delimiter: part.character('delimiter') };
    case 'Punctuation':
      return { type, behavior: part.choice('behavior', BEHAVIORS, 'Isolated') };
    case 'Digits':
      return { type, individual_digits: part.flag('individual_digits', false) };
    case 'Split':
      return {
        type,
        pattern: patternOf(part),
        behavior: part.choice('behavior', BEHAVIORS),
        invert: part.flag('invert', false),
      };
    case 'Metaspace': {
      const { prepend_scheme: scheme, add_prefix_space: legacy } = part.value;
      return {
        type,
        replacement: part.character('replacement'),
        ...(scheme === undefined
          ? { prepend_scheme: legacy === false ? 'never' : 'always' }
          : { prepend_scheme: part.choice('prepend_scheme', ['always', 'never', 'first']) }),
        split: part.flag('split', true),
      };
    }
    default:
      throw unknownType(part, 'pre-tokenizer');
  }
}

function byteLevelOf(part: PartReader): Json {
  return {
    type: 'ByteLevel',
    add_prefix_space: part.flag('add_prefix_space', true),
    trim_offsets: part.flag('trim_offsets', true),
    use_regex: part.flag('use_regex', true),
  };
}

export function postProcessorOf(value: unknown, file: string): Json | null {
  return value === undefined || value === null
    ? null
    : readPostProcessor(new PartReader(value, 'post_processor', file), 0);
}

function readPostProcessor(part: PartReader, depth: number): Json {
  const { type } = part.value;
  switch (type) {
    case 'Sequence':
      return {
        type,
        processors: readSteps(part, 'processors', depth).map((step) => readPostProcessor(step, depth + 1)),
      };
    case 'ByteLevel':
      return byteLevelOf(part);
    case 'BertProcessing':
      return { type, sep: markOf(part, 'sep'), cls: markOf(part, 'cls') };
    case 'RobertaProcessing':
      return {
        type,
        sep: markOf(part, 'sep'),
        cls: markOf(part, 'cls'),
        trim_offsets: part.flag('trim_offsets', true),
        add_prefix_space: part.flag('add_prefix_space', true),
      };
    case 'TemplateProcessing':
      return templateOf(part);
    default:
      throw unknownType(part, 'post-processor');
  }
}

function markOf(part: PartReader, key: string): readonly [string, number] {
  const [text, id] = part.list(key, 2);
  if (typeof text === 'string' && typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_ID)
    return [text, id];
  throw part.fault(`has no mark with its id in "${key}"`);
}

/** One prompt is encoded at a time: the template of pairs is put in place of what the file says. */
function templateOf(part: PartReader): Json {
  const known = part.part('special_tokens');
  const marks: Record<string, Json> = {};
  const single = part.items('single', MAX_STEPS).map((piece): Json => {
    if (piece.value.Sequence !== undefined) {
      const sequence = piece.part('Sequence');
      return { Sequence: { id: sequence.choice('id', ['A']), type_id: sequence.integer('type_id', 0, 255) } };
    }
    const mark = piece.part('SpecialToken');
    const id = mark.text('id', { max: 512 });
    if (!Object.hasOwn(known.value, id)) throw piece.fault(`names the mark "${id}", which is not among special_tokens`);
    const described = known.part(id);
    const ids = described.list('ids', 16);
    const tokens = described.list('tokens', 16);
    const areIds = ids.every((one) => typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= MAX_ID);
    if (!areIds || ids.length !== tokens.length || !tokens.every((token) => typeof token === 'string'))
      throw described.fault('has no ids with as many tokens');
    marks[id] = { id, ids, tokens };
    return { SpecialToken: { id, type_id: mark.integer('type_id', 0, 255) } };
  });
  if (single.filter((piece) => piece.Sequence !== undefined).length !== 1)
    throw part.fault('has a template in which the prompt does not stand once');
  const pair = ['A', 'B'].map((id) => ({ Sequence: { id, type_id: 0 } }));
  return { type: 'TemplateProcessing', single, pair, special_tokens: marks };
}

function patternOf(part: PartReader): Json {
  const pattern = part.part('pattern');
  if (pattern.value.String !== undefined) return { String: pattern.text('String', { max: 256 }) };
  const regex = pattern.text('Regex', { max: 4000 });
  if (isLinearPattern(regex)) return { Regex: regex };
  throw pattern.unsupported(
    `has a regular expression that may not end in time and is not known from published tokenizers: ${regex.slice(0, 80)}`,
  );
}

function readSteps(part: PartReader, key: string, depth: number): readonly PartReader[] {
  if (depth >= MAX_DEPTH) throw part.fault(`nests sequences more than ${MAX_DEPTH} deep`);
  return part.items(key, MAX_STEPS);
}

function unknownType(part: PartReader, what: string): Error {
  const { type } = part.value;
  return typeof type === 'string'
    ? part.unsupported(`is a ${what} of the type "${type.slice(0, 40)}", which Attune does not know`)
    : part.fault('has no type');
}

import { isObject, type Json, MAX_ID, PartReader } from './reader.ts';

/** Models of a tokenizer.json, checked and written anew with the fields that are known. */

const MAX_PIECES = 2_000_000;
const MAX_PIECE = 4096;

/** A model with what of it others need. */
export interface CheckedModel {
  readonly json: Json;
  /** The id of a piece. */
  idOf(piece: string): number | undefined;
  /** Whether pieces can be added under any id. */
  readonly isOpen: boolean;
}

/** @param added pieces that are put into the vocabulary, so that they keep their ids */
export function modelOf(value: unknown, added: Readonly<Record<string, number>>, file: string): CheckedModel {
  const part = new PartReader(value, 'model', file);
  const type = part.value.type ?? guessType(part.value);
  switch (type) {
    case 'BPE':
      return bpeOf(part, vocabularyOf(part, added));
    case 'WordPiece': {
      const vocab = vocabularyOf(part, added);
      const json = {
        type,
        unk_token: part.text('unk_token', { max: MAX_PIECE }),
        continuing_subword_prefix: part.text('continuing_subword_prefix', { min: 0, max: 64 }),
        max_input_chars_per_word: part.integer('max_input_chars_per_word', 1, 1000),
        vocab,
      };
      return { json, idOf: (piece) => vocab[piece], isOpen: true };
    }
    case 'WordLevel': {
      const vocab = vocabularyOf(part, added);
      const json = { type, vocab, unk_token: part.text('unk_token', { max: MAX_PIECE }) };
      return { json, idOf: (piece) => vocab[piece], isOpen: true };
    }
    case 'Unigram':
      return unigramOf(part);
    default:
      if (typeof type === 'string')
        throw part.unsupported(`is of the type "${type.slice(0, 40)}", which Attune does not know`);
      throw part.fault('has no type');
  }
}

/** Older files name no type. */
function guessType(model: Json): string | undefined {
  if (Array.isArray(model.merges)) return 'BPE';
  if (Array.isArray(model.vocab)) return 'Unigram';
  if (!isObject(model.vocab)) return undefined;
  return model.continuing_subword_prefix === undefined ? 'WordLevel' : 'WordPiece';
}

/** Without prototype: a piece may be called `constructor`. */
function vocabularyOf(part: PartReader, added: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const { value } = part.part('vocab');
  const vocab: Record<string, number> = Object.create(null);
  const pieces = Object.entries(value);
  if (pieces.length > MAX_PIECES) throw part.fault(`has ${pieces.length} pieces, more than ${MAX_PIECES}`);
  for (const [piece, id] of [...pieces, ...Object.entries(added)]) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID || piece.length > MAX_PIECE)
      throw part.fault(`has the piece "${piece.slice(0, 40)}" without an id`);
    if (!piece.isWellFormed()) throw part.fault('has a piece that is no text');
    vocab[piece] = id;
  }
  return vocab;
}

function bpeOf(part: PartReader, vocab: Readonly<Record<string, number>>): CheckedModel {
  const { dropout } = part.value;
  if (dropout !== undefined && dropout !== null && dropout !== 0)
    throw part.unsupported('drops merges by chance, so that a prompt would never read alike');
  const prefix = part.optionalText('continuing_subword_prefix', { min: 0, max: 64 }) ?? '';
  const merges = part.list('merges', MAX_PIECES).map((merge) => mergeOf(part, merge, vocab, prefix));
  const json = {
    type: 'BPE',
    dropout: null,
    unk_token: part.optionalText('unk_token', { min: 0, max: MAX_PIECE }),
    continuing_subword_prefix: part.value.continuing_subword_prefix === undefined ? null : prefix,
    end_of_word_suffix: part.optionalText('end_of_word_suffix', { min: 0, max: 64 }),
    fuse_unk: part.flag('fuse_unk', false),
    byte_fallback: part.flag('byte_fallback', false),
    ignore_merges: part.flag('ignore_merges', false),
    vocab,
    merges,
  };
  return { json, idOf: (piece) => vocab[piece], isOpen: true };
}

function mergeOf(
  part: PartReader,
  merge: unknown,
  vocab: Readonly<Record<string, number>>,
  prefix: string,
): readonly [string, string] {
  const pair: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
  const [first, second] = pair;
  if (typeof first !== 'string' || typeof second !== 'string' || pair.length !== 2)
    throw part.fault('has a merge that is no pair of pieces');
  // Native code cuts the prefix off without looking.
  if (!second.startsWith(prefix))
    throw part.fault(`has the merge of "${second.slice(0, 40)}" without the prefix "${prefix}"`);
  for (const piece of [first, second, first + second.slice(prefix.length)])
    if (vocab[piece] === undefined)
      throw part.fault(`has a merge to "${piece.slice(0, 40)}", which is not in its vocabulary`);
  return [first, second];
}

function unigramOf(part: PartReader): CheckedModel {
  const vocab = part.list('vocab', MAX_PIECES).map((entry) => {
    const [piece, score]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    const isSound = typeof piece === 'string' && piece.length <= MAX_PIECE && piece.isWellFormed();
    if (isSound && typeof score === 'number' && Math.abs(score) < 1e12) return [piece, score] as const;
    throw part.fault('has a piece without a text and a score');
  });
  if (vocab.length === 0) throw part.fault('has no pieces');
  const { unk_id: unknown } = part.value;
  const json = {
    type: 'Unigram',
    unk_id: unknown === undefined || unknown === null ? null : part.integer('unk_id', 0, vocab.length - 1),
    vocab,
    byte_fallback: part.flag('byte_fallback', false),
  };
  let ids: Map<string, number> | undefined;
  const idOf = (piece: string) => {
    ids ??= new Map(vocab.map(([text], id) => [text, id]));
    return ids.get(piece);
  };
  return { json, idOf, isOpen: false };
}

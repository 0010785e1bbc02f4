import { type Encoding, Tokenizer as NativeTokenizer } from 'tokenizers';
import { AttuneError } from '../base/errors.ts';
import { readText, whatIs } from '../checkpoint/files.ts';
import { readAddedTokens } from './addedtokens.ts';
import { assemble } from './assemble.ts';
import { clipTokenizer } from './clipbpe.ts';
import type { EncodedPrompt } from './prompt.ts';
import { type MarkNames, marksOfTokenizerJson, parseObject, readMarkNames } from './specials.ts';
import { type AddedToken, checkTokenizer, misplaced } from './tokenizerfile/check.ts';

/** What the text encoder behind a tokenizer needs. */
export interface TokenizerUse {
  readonly kind: 'clip' | 't5';
  /** Longest sequence the encoder reads, marks included. */
  readonly maxTokens: number;
}

export interface Tokenizer {
  readonly maxTokens: number;
  /**
   * Splits a prompt into pieces, framed and padded as the checkpoint's files say.
   * @param length positions of the result; `maxTokens` when left out
   * @throws AttuneError 'request-invalid' when `length` leaves no room for the marks
   */
  encode(text: string, length?: number): Promise<EncodedPrompt>;
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Opens a checkpoint's tokenizer folder: `tokenizer.json`, or the older CLIP pair `vocab.json` and `merges.txt`, with the tokens that a
 * fine-tune added beside them. The files are checked here; native code, which a broken one would take down with the process, reads
 * them at the first prompt.
 * @throws AttuneError 'checkpoint-incomplete' naming what is missing, 'checkpoint-malformed' and 'checkpoint-unsupported' naming the file
 */
export function openTokenizer(folder: string, use: TokenizerUse): Tokenizer {
  const has = (name: string) => whatIs(`${folder}/${name}`) === 'file';
  if (has('tokenizer.json')) {
    const file = `${folder}/tokenizer.json`;
    const json = parseObject(readText(file, MAX_BYTES), file);
    return tokenizerOf(json, readMarkNames(folder), readAddedTokens(folder), use, file);
  }
  if (use.kind === 'clip' && has('vocab.json') && has('merges.txt')) {
    const file = `${folder}/vocab.json`;
    const marks = readMarkNames(folder);
    const json = clipTokenizer(readText(file, MAX_BYTES), readText(`${folder}/merges.txt`, MAX_BYTES), marks, file);
    return tokenizerOf(json, marks, readAddedTokens(folder), use, file);
  }
  if (has('spiece.model')) {
    throw new AttuneError(
      'checkpoint-incomplete',
      `${folder} has only spiece.model; Attune reads the newer form. Put the tokenizer.json of the same text encoder beside it ` +
        "(for T5-XXL: folder tokenizer_3 of Stable Diffusion 3 or tokenizer_2 of FLUX.1), or write it with transformers: AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER').",
      { file: `${folder}/tokenizer.json` },
    );
  }
  const wanted = use.kind === 'clip' ? 'tokenizer.json, or vocab.json with merges.txt' : 'tokenizer.json';
  throw new AttuneError('checkpoint-incomplete', `${folder} lacks ${wanted}. Download the tokenizer folder again.`, {
    file: `${folder}/tokenizer.json`,
  });
}

/** A tokenizer of native code with the ids that its marks have there. */
interface OpenedTokenizer {
  readonly native: NativeTokenizer;
  readonly padding: number;
  readonly unknown: number | undefined;
}

function tokenizerOf(
  json: Readonly<Record<string, unknown>>,
  marks: MarkNames,
  added: readonly AddedToken[],
  use: TokenizerUse,
  file: string,
): Tokenizer {
  const own = marksOfTokenizerJson(json);
  const checked = checkTokenizer(json, added, file);
  let opened: OpenedTokenizer | undefined;
  const open = (): OpenedTokenizer => {
    const native = parseNative(checked.json, file);
    for (const token of checked.expected) {
      const id = native.tokenToId(token.content);
      if (id !== token.id) throw misplaced(token, id, file);
    }
    const idOf = (mark: string | number | undefined) =>
      typeof mark === 'string' ? (native.tokenToId(mark) ?? undefined) : mark;
    return {
      native,
      padding: idOf(marks.padding) ?? own.padding ?? idOf(use.kind === 'clip' ? '<|endoftext|>' : '<pad>') ?? 0,
      unknown: idOf(own.unknown ?? marks.unknown),
    };
  };
  return {
    maxTokens: use.maxTokens,
    async encode(text, length = use.maxTokens) {
      opened ??= open();
      const { native, padding, unknown } = opened;
      // Half a surrogate pair cannot cross into UTF-8; its replacement has the same length, so the ranges hold.
      const encoding = await encodeNative(native, text.toWellFormed(), file);
      const raw = {
        ids: encoding.getIds(),
        pieces: encoding.getTokens(),
        offsets: encoding.getOffsets(),
        marks: encoding.getSpecialTokensMask(),
      };
      return assemble(text, raw, length, padding, unknown);
    },
  };
}

function parseNative(json: string, file: string): NativeTokenizer {
  try {
    const native = NativeTokenizer.fromString(json);
    // Cutting and padding are done here, where we can say which words are lost.
    native.disableTruncation();
    native.disablePadding();
    return native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AttuneError(
      'checkpoint-malformed',
      `${file} is not a tokenizer: ${reason}. Download it again.`,
      { file },
      cause,
    );
  }
}

async function encodeNative(native: NativeTokenizer, text: string, file: string): Promise<Encoding> {
  try {
    return await native.encode(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AttuneError(
      'checkpoint-malformed',
      `The tokenizer ${file} failed on the prompt: ${reason}.`,
      { file },
      cause,
    );
  }
}

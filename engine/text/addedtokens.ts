import { readText, whatIs } from '../checkpoint/files.ts';
import { parseObject } from './specials.ts';
import { type AddedToken, addedTokenOf } from './tokenizerfile/check.ts';
import { PartReader } from './tokenizerfile/reader.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Tokens that a fine-tune added (textual inversion, pivotal tuning), from `added_tokens_decoder` of tokenizer_config.json and from
 * added_tokens.json, as transformers saves them beside a vocabulary that lacks them.
 * @throws AttuneError 'checkpoint-malformed' naming the file
 */
export function readAddedTokens(folder: string): readonly AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  const config = `${folder}/tokenizer_config.json`;
  if (whatIs(config) === 'file') {
    const decoder = parseObject(readText(config, MAX_BYTES), config).added_tokens_decoder ?? {};
    for (const [id, token] of Object.entries(new PartReader(decoder, 'added_tokens_decoder', config).value)) {
      const read = addedTokenOf(new PartReader(withId(token, id), `added_tokens_decoder.${id}`, config));
      tokens.set(read.content, read);
    }
  }
  const older = `${folder}/added_tokens.json`;
  if (whatIs(older) === 'file') {
    for (const [content, id] of Object.entries(parseObject(readText(older, MAX_BYTES), older))) {
      if (tokens.has(content)) continue;
      const read = addedTokenOf(new PartReader({ content, id, normalized: false }, 'added tokens', older));
      tokens.set(content, read);
    }
  }
  return [...tokens.values()];
}

const withId = (token: unknown, id: string): unknown =>
  typeof token === 'object' && token !== null ? { ...token, id: /^\d+$/.test(id) ? Number(id) : id } : token;

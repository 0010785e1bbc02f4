import { join } from 'node:path';
import { Vocabulary } from '../../contract/index.ts';
import { readConfig } from './config.ts';
import { whatIs } from './files.ts';
import { isObject, type JsonValue } from './json.ts';
import { refusal } from './refusal.ts';

/**
 * The words of a checkpoint that says which it knows, in a `vocabulary.json` beside its model_index.json; undefined for one that takes
 * free text. Throws 'checkpoint-malformed' naming file and field.
 */
export function readVocabulary(folder: string): Vocabulary | undefined {
  const file = join(folder, 'vocabulary.json');
  if (whatIs(file) !== 'file') return undefined;
  const config = readConfig(file);
  const read = Vocabulary.safeParse(
    Object.fromEntries(config.fields.map((field) => [field, plain(config.raw(field))])),
  );
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join('.') ?? 'schema';
  throw refusal(
    'checkpoint-malformed',
    file,
    `The field "${field}" cannot be used: ${issue?.message ?? 'malformed'}. Correct the file or remove it; without it the checkpoint takes free text.`,
    { field },
  );
}

/** Objects instead of Maps, which is what schemas read. */
function plain(value: JsonValue | undefined): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isObject(value) ? Object.fromEntries([...value].map(([key, member]) => [key, plain(member)])) : value;
}

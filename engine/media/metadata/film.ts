import type { EditRecord } from '../../../contract/index.ts';
import type { FilmTags } from '../../ports.ts';
import { promptText, writeCommonParameters } from './a1111.ts';
import { asciiJson, type PictureMetadata, readTexts } from './picture.ts';

/** What a film of a record says in its container. */
export function filmTags(record: EditRecord): FilmTags {
  return { title: promptText(record.request), comment: writeCommonParameters(record), description: asciiJson(record) };
}

/** What the tags of a film say about its making. */
export function readFilmTags({ comment, description }: Partial<FilmTags>): Omit<PictureMetadata, 'format'> {
  // Only JSON is taken for a record: other tools describe what is to be seen.
  const json = description?.trimStart().startsWith('{') ? description : undefined;
  return readTexts({ text: comment, json, others: [], problem: undefined });
}

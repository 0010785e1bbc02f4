import type { EditRecord } from '../../../contract/index.ts';
import type { FilmTags } from '../../ports.ts';
import { promptText, writeCommonParameters } from './a1111.ts';
import type { Carried } from './carried.ts';
import { asciiJson, type PictureMetadata, readTexts } from './picture.ts';

/** What a film of a record says in its container. */
export function filmTags(record: EditRecord): FilmTags {
  return { title: promptText(record.request), comment: writeCommonParameters(record), description: asciiJson(record) };
}

/** What the tags of a film say about its making. @param tags by their names in lower case */
export function readFilmTags(tags: ReadonlyMap<string, string>): Omit<PictureMetadata, 'format'> {
  return readTexts(carriedByFilm(tags));
}

const TOLD = new Set(['prompt', 'workflow', 'parameters']);

/** Tags of a film as the texts of any container. */
export function carriedByFilm(tags: ReadonlyMap<string, string>): Carried {
  const [comment, description] = [tags.get('comment'), tags.get('description')];
  // Only JSON is taken for a record: other tools describe what is to be seen.
  const record = description?.trimStart().startsWith('{') ? description : undefined;
  const fields = [...tags].filter(([name]) => TOLD.has(name));
  return {
    fields: new Map(record === undefined ? fields : [...fields, ['attune', record] as const]),
    comments: comment === undefined ? [] : [comment],
    userComments: comment === undefined ? 0 : 1,
    problems: [],
  };
}

import type { MetadataTags } from 'mediabunny';

/** Tags that say how a film was made: our record, the text of A1111, the graphs of ComfyUI. */
const TOLD = ['description', 'comment', 'parameters', 'prompt', 'workflow'];

/**
 * The tags of a film that say how it was made, by their names in lower case; undefined where there are none. Containers have names of their
 * own for the common ones, and Matroska may name what a tag is about before it, as in `MOVIE/COMMENT`.
 */
export function filmTagsOf({
  description,
  comment,
  raw = {},
}: MetadataTags): Readonly<Record<string, string>> | undefined {
  const all = new Map<string, unknown>(
    Object.entries(raw).map(([name, value]) => [name.toLowerCase().split('/').at(-1) ?? '', value]),
  );
  const found = TOLD.flatMap((name): [string, string][] => {
    const value = { description, comment }[name] ?? all.get(name);
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

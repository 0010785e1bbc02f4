/** Words that name nothing in a picture. */
const SILENT = new Set(['a', 'an', 'and', 'at', 'by', 'in', 'is', 'of', 'on', 'or', 'the', 'to', 'with']);

export const isNamed = (word: string): boolean => !SILENT.has(word.toLowerCase());

/** The words of a prompt, each once as it is first written, without numbers, marks and words that name nothing. */
export function wordsOf(text: string): readonly string[] {
  const words = new Map<string, string>();
  for (const [word] of text.matchAll(/\p{L}[\p{L}\p{N}'’-]*/gu)) {
    const key = word.toLowerCase();
    if (isNamed(word) && !words.has(key)) words.set(key, word);
  }
  return [...words.values()];
}

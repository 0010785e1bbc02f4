/** The words of a prompt, each once as it is first written, without numbers and marks. */
export function wordsOf(text: string): readonly string[] {
  const words = new Map<string, string>();
  for (const [word] of text.matchAll(/\p{L}[\p{L}\p{N}'’-]*/gu)) {
    const key = word.toLowerCase();
    if (!words.has(key)) words.set(key, word);
  }
  return [...words.values()];
}

import { changedWords } from '../prompt/difference.ts';
import type { Document } from '../state/document.ts';
import { useEditor } from '../state/editor.ts';
import { type Session, useSession } from '../state/session.ts';
import { useView } from '../state/view.ts';
import { isNamed } from './promptwords.ts';

const NONE: readonly string[] = [];

/** Words with a map: of the running job, else of the result that is shown. */
function useMappedWords(): readonly string[] {
  const shown = useEditor(({ document }) => document.shown);
  const text = useSession((session) => wordsOf(session, shown).join('\n'));
  return text === '' ? NONE : text.split('\n');
}

const wordsOf = ({ run, history }: Session, shown: string | null): readonly string[] =>
  run === null ? (history.find(({ id }) => id === shown)?.maps.map(({ word }) => word) ?? NONE) : Object.keys(run.maps);

/** The words with a map that name something. */
export const useNamedWords = (): readonly string[] => {
  const words = useMappedWords();
  return words.filter(isNamed);
};

/** The word whose map lies over the canvas: what the pointer is on, what was pinned, or what a running job is about. */
export function useHeatWord(): string | null {
  const { heatWord, pinnedWord, hasLiveMaps } = useView();
  const words = useMappedWords();
  const isRunning = useSession(({ run }) => run !== null);
  const document = useEditor((editor) => editor.document);
  for (const word of [heatWord, pinnedWord]) if (word !== null && words.includes(word)) return word;
  return isRunning && hasLiveMaps ? aboutOf(words, document) : null;
}

/** What an edit is about: a word that only the new prompt has, else the longest. */
function aboutOf(
  words: readonly string[],
  { prompt, sourcePrompt }: Pick<Document, 'prompt' | 'sourcePrompt'>,
): string | null {
  const changed = changedWords(prompt, sourcePrompt).map(({ from, to }) => prompt.slice(from, to).toLowerCase());
  const about = sourcePrompt === '' ? undefined : words.find((word) => changed.includes(word.toLowerCase()));
  return about ?? words.reduce<string | null>((best, word) => (word.length > (best ?? '').length ? word : best), null);
}

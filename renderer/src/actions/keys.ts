import { useView } from '../state/view.ts';
import { isApple } from '../ui/platform.ts';
import { isTyping } from '../ui/typing.ts';
import { ACTIONS, type Action } from './actions.ts';
import { chordOf, matches } from './chords.ts';

const BINDINGS = ACTIONS.flatMap((action) => action.keys.map((keys) => ({ action, chord: chordOf(keys) })));

/** Binds the keys of all actions to the window; returns the function that unbinds them. */
export function bindKeys(): () => void {
  window.addEventListener('keydown', onKey);
  return () => window.removeEventListener('keydown', onKey);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const binding = BINDINGS.find(({ chord }) => matches(chord, event, isApple));
  if (binding === undefined) return;
  const { action, chord } = binding;
  if (action.pages !== undefined && !action.pages.includes(useView.getState().page)) return;
  if (hasOpenDialog(action)) return;
  // A letter that is typed stays a letter.
  if (isTyping(event.target) && !((chord.mod || chord.alt) && action.inText === true)) return;
  if (action.onCanvas === true && !isOnCanvas(event.target)) return;
  if (isUndo(action) && hasOwnUndo(event.target)) return;
  event.preventDefault();
  if (!event.repeat || action.repeats === true) action.run();
}

/** The page as a whole or the stage itself, and no button or field in them. */
const isOnCanvas = (target: EventTarget | null) =>
  target === document.body || (target instanceof HTMLElement && target.role === 'application');

const isUndo = ({ id }: Action) => id === 'undo' || id === 'redo';

/** A field whose text is no part of the document is undone by the browser, letter by letter. */
const hasOwnUndo = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('[data-own-undo]') !== null;

/** Behind a dialog nothing is done by keys but closing it. */
const hasOpenDialog = ({ id }: Action) => id !== 'keys' && document.querySelector('[role="dialog"]') !== null;

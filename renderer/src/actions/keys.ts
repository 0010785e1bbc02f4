import { tinykeys } from 'tinykeys';
import { ACTIONS, type Action } from './actions.ts';

/** Binds the keys of all actions to the window; returns the function that unbinds them. */
export function bindKeys(): () => void {
  const bindings = ACTIONS.flatMap((action) => action.keys.map((keys) => [keys, handle(action, keys)] as const));
  return tinykeys(window, Object.fromEntries(bindings));
}

function handle(action: Action, keys: string) {
  const hasModifier = keys.includes('$mod') || keys.includes('Alt');
  return (event: KeyboardEvent) => {
    if (event.defaultPrevented || hasOpenDialog(action)) return;
    // A letter that is typed stays a letter.
    if (isTyping(event.target) && !(hasModifier && action.inText === true)) return;
    event.preventDefault();
    action.run();
  };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|range|button)$/.test(target.type))
  );
}

/** Behind a dialog nothing is done by keys but closing it. */
const hasOpenDialog = ({ id }: Action) => id !== 'keys' && document.querySelector('[role="dialog"]') !== null;

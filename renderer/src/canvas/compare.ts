import { type CompareMode, setView, useView } from '../state/view.ts';

/** How the comparison was before the source is held up. */
let before: CompareMode | undefined;

/** Shows the source for as long as something is held down. */
export function holdSource(isHeld: boolean): void {
  if (isHeld === (before !== undefined)) return;
  const { compare } = useView.getState();
  if (isHeld) {
    before = compare === 'hold' ? 'off' : compare;
    setView({ compare: 'hold' });
  } else {
    if (compare === 'hold') setView({ compare: before ?? 'off' });
    before = undefined;
  }
}

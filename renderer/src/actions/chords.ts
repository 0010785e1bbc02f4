/** Keys that are pressed together, written as `$mod+Shift+Z`; `$mod` is Ctrl, or Cmd on Apple's machines. */
export interface Chord {
  readonly mod: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
  /** A letter or sign as the key types it, a digit, or the name of a key such as `Enter`. */
  readonly key: string;
}

/** What `matches` reads of a KeyboardEvent. */
export type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'> & {
  getModifierState(key: 'AltGraph'): boolean;
};

export function chordOf(text: string): Chord {
  const parts = text.split('+');
  const key = parts.at(-1) ?? '';
  const has = (modifier: string) => parts.slice(0, -1).includes(modifier);
  return { mod: has('$mod'), shift: has('Shift'), alt: has('Alt'), key };
}

/**
 * Whether a press is the chord on the keyboard that the person has: letters and signs are what the key types, so that Ctrl+Z is where Z
 * is printed; where it types no Latin script (Cyrillic, Greek, Hebrew) the key's place on a US keyboard counts. Digits are the row of
 * digits, also where Shift is needed to type them.
 */
export function matches({ mod, shift, alt, key }: Chord, press: Press, isApple: boolean): boolean {
  // AltGr says Ctrl+Alt on Windows: it chooses a character there and is no modifier.
  const isAltGraph = press.getModifierState('AltGraph');
  const ctrl = press.ctrlKey && !isAltGraph;
  const [wanted, other] = isApple ? [press.metaKey, ctrl] : [ctrl, press.metaKey];
  if (wanted !== mod || other) return false;
  if (!keysOf(press).some((pressed) => pressed.toLowerCase() === key.toLowerCase())) return false;
  // A sign may need Shift, AltGr or Option, by the layout.
  if (isSign(key)) return true;
  return press.shiftKey === shift && (press.altKey && !isAltGraph) === alt;
}

const isSign = (key: string) => key.length === 1 && !/[\p{L}\d]/u.test(key);

/** What a press may stand for: what it types, its digit, and in other scripts what a US keyboard types there. */
function keysOf({ key, code, shiftKey }: Press): readonly string[] {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit !== undefined) return [key, digit];
  const isOtherScript = /^\p{L}$/u.test(key) && !/^\p{Script=Latin}$/u.test(key);
  if (!isOtherScript) return [key];
  return [/^Key([A-Z])$/.exec(code)?.[1] ?? US_SIGNS[code]?.[shiftKey ? 1 : 0] ?? key];
}

/** Signs of the keys that carry letters in other scripts, without and with Shift. */
const US_SIGNS: Readonly<Record<string, readonly [string, string]>> = {
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Comma: [',', '<'],
  Slash: ['/', '?'],
};

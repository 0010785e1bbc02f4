import { describe, expect, it } from 'vitest';
import { chordOf, matches, type Press } from './chords.ts';

interface Held {
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly shift?: boolean;
  readonly alt?: boolean;
  readonly altGraph?: boolean;
}

const press = (code: string, key: string, held: Held = {}): Press => ({
  code,
  key,
  ctrlKey: held.ctrl === true,
  metaKey: held.meta === true,
  shiftKey: held.shift === true,
  altKey: held.alt === true,
  getModifierState: () => held.altGraph === true,
});
const does = (chord: string, pressed: Press, isApple = false) => matches(chordOf(chord), pressed, isApple);
const ctrl = { ctrl: true };
/** As Windows reports AltGr. */
const altGraph = { ctrl: true, alt: true, altGraph: true };

describe('keys by what is printed on them', () => {
  it('QWERTZ: Z and Y are where they are printed, brackets with AltGr', () => {
    expect(does('$mod+Z', press('KeyY', 'z', ctrl))).toBe(true);
    expect(does('$mod+Z', press('KeyZ', 'y', ctrl))).toBe(false);
    expect(does('$mod+Y', press('KeyZ', 'y', ctrl))).toBe(true);
    expect(does('[', press('Digit8', '[', altGraph))).toBe(true);
    expect(does('{', press('Digit7', '{', altGraph))).toBe(true);
    expect(does('[', press('BracketLeft', 'ü'))).toBe(false);
    expect(does('?', press('Minus', '?', { shift: true }))).toBe(true);
  });

  it('AZERTY: Z, A and Q are where they are printed, the row of digits acts without Shift', () => {
    expect(does('$mod+Z', press('KeyW', 'z', ctrl))).toBe(true);
    expect(does('$mod+A', press('KeyQ', 'a', ctrl))).toBe(true);
    expect(does('$mod+A', press('KeyA', 'q', ctrl))).toBe(false);
    expect(does('$mod+2', press('Digit2', 'é', ctrl))).toBe(true);
    expect(does('$mod+,', press('KeyM', ',', ctrl))).toBe(true);
    expect(does('?', press('KeyM', '?', { shift: true }))).toBe(true);
  });

  it('Dvorak: signs on keys that are letters elsewhere are signs', () => {
    expect(does('$mod+Z', press('Slash', 'z', ctrl))).toBe(true);
    expect(does('$mod+Z', press('KeyZ', ';', ctrl))).toBe(false);
    expect(does('W', press('KeyW', ','))).toBe(false);
    expect(does('$mod+,', press('KeyW', ',', ctrl))).toBe(true);
    expect(does('[', press('Minus', '['))).toBe(true);
    expect(does('?', press('BracketLeft', '?', { shift: true }))).toBe(true);
  });

  it('Cyrillic: letters and brackets by their place on a US keyboard', () => {
    expect(does('$mod+Z', press('KeyZ', 'я', ctrl))).toBe(true);
    expect(does('$mod+Shift+Z', press('KeyZ', 'Я', { ctrl: true, shift: true }))).toBe(true);
    expect(does('B', press('KeyB', 'и'))).toBe(true);
    expect(does('[', press('BracketLeft', 'х'))).toBe(true);
    expect(does('{', press('BracketLeft', 'Х', { shift: true }))).toBe(true);
    expect(does('$mod+,', press('Comma', 'б', ctrl))).toBe(true);
  });

  it('US: Shift tells two chords of one letter apart, and signs come with it or without', () => {
    expect(does('X', press('KeyX', 'x'))).toBe(true);
    expect(does('X', press('KeyX', 'X', { shift: true }))).toBe(false);
    expect(does('Shift+X', press('KeyX', 'X', { shift: true }))).toBe(true);
    expect(does('{', press('BracketLeft', '{', { shift: true }))).toBe(true);
    expect(does('[', press('BracketLeft', '{', { shift: true }))).toBe(false);
    expect(does('$mod+0', press('Numpad0', '0', ctrl))).toBe(true);
    expect(does('$mod+Alt+Enter', press('Enter', 'Enter', { ctrl: true, alt: true }))).toBe(true);
    expect(does('$mod+Enter', press('Enter', 'Enter', { ctrl: true, alt: true }))).toBe(false);
  });

  it('AltGr types, whatever letter it is on', () => {
    expect(does('$mod+Z', press('KeyZ', 'ż', altGraph))).toBe(false);
    expect(does('E', press('KeyE', '€', altGraph))).toBe(false);
  });

  it("Cmd is the modifier on Apple's machines and Ctrl is none", () => {
    expect(does('$mod+Z', press('KeyZ', 'z', { meta: true }), true)).toBe(true);
    expect(does('$mod+Z', press('KeyZ', 'z', ctrl), true)).toBe(false);
    expect(does('Z', press('KeyZ', 'z', ctrl), true)).toBe(false);
    expect(does('[', press('Digit5', '[', { alt: true }), true)).toBe(true);
  });
});

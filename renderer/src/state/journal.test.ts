import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../../transport/index.ts';
import { type Command, type Document, EMPTY_DOCUMENT } from './document.ts';
import { applied, encodeEntry, type JournalEntry, type MaskReplay, redone, replay, undone } from './journal.ts';
import { documentFrom, missingFor, requestOf } from './request.ts';
import { amended, continues, EMPTY_UNDO, fieldsBefore, MAX_COMMANDS, pushed } from './undo.ts';

/** A mask of four bytes whose patches are what it changes by. */
function tinyMask(): MaskReplay & { readonly bytes: number[] } {
  const bytes = [0, 0, 0, 0];
  return {
    bytes,
    load: (mask) => void bytes.splice(0, 4, ...mask),
    apply: (patch) =>
      patch.forEach((value, index) => {
        bytes[index] = (bytes[index] ?? 0) ^ value;
      }),
    save: () => Uint8Array.from(bytes),
  };
}

type Act =
  | { readonly kind: 'type'; text: string }
  | { kind: 'paint'; patch: number[] }
  | { kind: 'undo' }
  | { kind: 'redo' };
const acts = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('type' as const), text: fc.string({ maxLength: 4 }) }),
    fc.record({ kind: fc.constant('paint' as const), patch: fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }) }),
    fc.record({ kind: fc.constant('undo' as const) }),
    fc.record({ kind: fc.constant('redo' as const) }),
  ),
  { maxLength: 40 },
);

/** Does the acts as the editor does and keeps what it would write down. */
function perform(list: readonly Act[]) {
  const mask = tinyMask();
  const entries: Uint8Array[] = [];
  let state = { document: EMPTY_DOCUMENT, undo: EMPTY_UNDO };
  const write = (entry: JournalEntry) => entries.push(encodeEntry(entry));
  for (const act of list) {
    if (act.kind === 'undo' || act.kind === 'redo') {
      const next = (act.kind === 'undo' ? undone : redone)(state, mask);
      if (next === undefined) continue;
      state = next;
      write({ type: act.kind });
      continue;
    }
    const command: Command =
      act.kind === 'paint'
        ? { kind: 'mask', label: 'brush', patch: Uint8Array.from(act.patch) }
        : {
            kind: 'set',
            label: 'prompt',
            before: fieldsBefore(state.document, { prompt: act.text }),
            after: { prompt: act.text },
          };
    const isTyping = act.kind === 'type' && act.text.length % 2 === 0 && continues(state.undo, command);
    state = {
      document: applied(state.document, command, 'redo', mask),
      undo: isTyping ? amended(state.undo, command) : pushed(state.undo, command),
    };
    write({ type: isTyping ? 'amend' : 'do', command });
  }
  return { state, mask, entries };
}

it('a journal read again shows the result that was shown, and has what was done after it', () => {
  const region = { x: 1, y: 2, width: 30, height: 40 };
  const entries: readonly JournalEntry[] = [
    { type: 'show', fields: { shown: 'result-0001' } },
    { type: 'do', command: { kind: 'set', label: 'region', before: { region: null }, after: { region } } },
  ];
  const read = replay(entries.map(encodeEntry), EMPTY_DOCUMENT, tinyMask());
  expect(read).toMatchObject({ isWhole: true, document: { shown: 'result-0001', region } });
});

it('a journal read again gives the document, its mask and every step of undo', () => {
  fc.assert(
    fc.property(acts, (list) => {
      const { state, mask, entries } = perform(list);
      const again = tinyMask();
      expect(replay(entries, EMPTY_DOCUMENT, again)).toEqual({ ...state, isWhole: true });
      expect(again.bytes).toEqual(mask.bytes);
    }),
  );
});

it('undoing everything leads back to the beginning, and doing it again to the end', () => {
  fc.assert(
    fc.property(acts, (list) => {
      const { state, mask } = perform(list);
      const end = { document: state.document, mask: [...mask.bytes] };
      let now = state;
      const all = state.undo.done;
      for (let step = undone(now, mask); step !== undefined; step = undone(now, mask)) now = step;
      expect(now.document).toEqual(EMPTY_DOCUMENT);
      expect(mask.bytes).toEqual([0, 0, 0, 0]);
      for (let step = 0; step < all; step++) now = redone(now, mask) ?? now;
      expect({ document: now.document, mask: mask.bytes }).toEqual(end);
    }),
  );
});

it('an entry that cannot be read ends the journal up to the next snapshot, and what came before it stands', () => {
  const command = (text: string): Command => ({
    kind: 'set',
    label: 'prompt',
    before: { prompt: '' },
    after: { prompt: text },
  });
  const good = encodeEntry({ type: 'do', command: command('kept') });
  const { document } = replay(
    [good, good.slice(0, 9), encodeEntry({ type: 'do', command: command('lost') })],
    EMPTY_DOCUMENT,
    tinyMask(),
  );
  expect(document.prompt).toBe('kept');
  const later = encodeEntry({ type: 'levitate' } as never);
  const hollow = encodeEntry({ type: 'do' } as never);
  const snapshot = encodeEntry({
    type: 'snapshot',
    document: { ...EMPTY_DOCUMENT, prompt: 'snap' },
    mask: Uint8Array.of(0, 0, 0, 0),
    undo: EMPTY_UNDO,
  });
  for (const bad of [later, hollow, encodeFrame(null), good.slice(0, 9)]) {
    const read = replay([good, bad, good], EMPTY_DOCUMENT, tinyMask());
    expect([read.document.prompt, read.undo.done, read.isWhole]).toEqual(['kept', 1, false]);
    expect(replay([bad, good, snapshot], EMPTY_DOCUMENT, tinyMask()).document.prompt).toBe('snap');
  }
});

it('keeps the last steps of undo and forgets what was undone when something else is done', () => {
  const command = (at: number): Command => ({ kind: 'set', label: `${at}`, before: {}, after: { seed: at } });
  let list = EMPTY_UNDO;
  for (let at = 0; at < MAX_COMMANDS + 7; at++) list = pushed(list, command(at));
  expect(list.commands).toHaveLength(MAX_COMMANDS);
  expect(list.commands.at(-1)?.label).toBe(`${MAX_COMMANDS + 6}`);
  expect(pushed({ ...list, done: 3 }, command(1)).commands).toHaveLength(4);
});

const method = {
  id: 'prompt-edit',
  title: 'Edit',
  summary: '',
  inputs: { source: 'required', sourcePrompt: 'required', mask: 'optional' },
  params: [],
  defaults: {},
} as unknown as Parameters<typeof requestOf>[1];

it('a request holds what its method uses and what was set by hand, and brings the document back', () => {
  const source = { ref: { sha256: 'a'.repeat(64), name: 'a.png' }, width: 8, height: 8, bytes: 9 };
  const document: Document = {
    ...EMPTY_DOCUMENT,
    source,
    sourcePrompt: 'a red car',
    prompt: 'a green car',
    negative: 'unused here',
    steps: 9,
    params: { 'prompt-edit': { strength: 0.5 }, other: { strength: 1 } },
  };
  const request = requestOf(document, method, undefined);
  expect(request).toEqual({
    method: 'prompt-edit',
    checkpoint: 'embedded/image',
    source: source.ref,
    sourcePrompt: 'a red car',
    prompt: 'a green car',
    seed: 7,
    steps: 9,
    params: { strength: 0.5 },
    maps: true,
  });
  expect({ ...EMPTY_DOCUMENT, source, ...documentFrom(request) }).toMatchObject({
    sourcePrompt: 'a red car',
    steps: 9,
    params: { 'prompt-edit': { strength: 0.5 } },
  });
  expect(missingFor(document, method, false)).toBeUndefined();
  expect(missingFor({ ...document, source: null }, method, false)).toBe('missing.source');
  expect(missingFor({ ...document, prompt: ' ' }, method, false)).toBe('missing.prompt');
});
